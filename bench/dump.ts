/**
 * Time of a command that needs no virtual machine.
 *
 * @module
 */

import {
  contractor,
  runCommand,
  sourceDirectory,
} from "./contractor_command.ts";
import { type Figure, spread } from "./table.ts";

const RUNS = 11;

async function timeRuns(
  run: () => Promise<{ seconds: number }>,
): Promise<string> {
  await run();
  const times: number[] = [];
  for (let n = 0; n < RUNS; n++) times.push((await run()).seconds);
  return spread(times);
}

/** Measures `contractor dump`, from source and compiled if that is there. */
export async function measureDump(spec: string): Promise<Figure[]> {
  const source = await timeRuns(() => contractor("dump", spec));
  const aim = "below 150 ms";
  const figures = [{ name: "contractor dump", value: source, aim }];
  const binary = `${sourceDirectory}dist/contractor`;
  try {
    await Deno.stat(binary);
  } catch {
    return figures;
  }
  const compiled = await timeRuns(() => runCommand(binary, ["dump", spec]));
  figures.push({ name: "contractor dump, compiled", value: compiled, aim });
  return figures;
}
