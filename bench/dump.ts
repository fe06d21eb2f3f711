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
import { type Figure, seconds } from "./table.ts";

const RUNS = 10;

async function medianSeconds(
  run: () => Promise<{ seconds: number }>,
): Promise<number> {
  await run();
  const times: number[] = [];
  for (let n = 0; n < RUNS; n++) times.push((await run()).seconds);
  return times.sort((a, b) => a - b)[RUNS / 2] ?? NaN;
}

/** Measures `contractor dump`, from source and compiled if that is there. */
export async function measureDump(spec: string): Promise<Figure[]> {
  const source = await medianSeconds(() => contractor("dump", spec));
  const aim = "below 150 ms";
  const figures = [{ name: "contractor dump", value: seconds(source), aim }];
  const binary = `${sourceDirectory}dist/contractor`;
  try {
    await Deno.stat(binary);
  } catch {
    return figures;
  }
  const compiled = await medianSeconds(() =>
    runCommand(binary, ["dump", spec])
  );
  figures.push({
    name: "contractor dump, compiled",
    value: seconds(compiled),
    aim,
  });
  return figures;
}
