/**
 * Runs the command line with a state directory of the benchmarks' own.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { BuildEvent } from "../src/pipeline/events.ts";

/** Root of the source tree. */
export const sourceDirectory = fileURLToPath(new URL("../", import.meta.url));

/** State of the benchmarks; removed before a cold build. */
export const benchState = `${sourceDirectory}.cache/bench-state`;

/**
 * Makes the state directory where there is none, with a configuration in which
 * projects may use the images of the source tree.
 */
export async function makeState(): Promise<void> {
  await Deno.mkdir(`${benchState}/run`, { recursive: true, mode: 0o700 });
  const config = `${benchState}/config/contractor`;
  await Deno.mkdir(config, { recursive: true });
  const images = JSON.stringify(`${sourceDirectory}.cache/images`);
  await Deno.writeTextFile(`${config}/config.yaml`, `paths: [${images}]\n`);
}

/** How the manager's CPUs run, for the command line and the reference. */
export const accelerator = Deno.env.get("CONTRACTOR_ACCEL") ?? "auto";

/** Time from start to end of a command, and what it printed. */
export interface CommandResult {
  seconds: number;
  stdout: string;
}

/** Variables of all that is run. */
export const environment: Readonly<Record<string, string>> = {
  PATH: Deno.env.get("PATH") ?? "",
  HOME: Deno.env.get("HOME") ?? "",
  CONTRACTOR_ACCEL: accelerator,
  XDG_CONFIG_HOME: `${benchState}/config`,
  XDG_STATE_HOME: benchState,
  XDG_RUNTIME_DIR: `${benchState}/run`,
};

/** Runs a program to its end; its errors go to the terminal. */
export async function runCommand(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const started = performance.now();
  const { code, stdout } = await new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: { ...environment, ...variables },
    stdin: "null",
    stderr: "inherit",
  }).output();
  const seconds = (performance.now() - started) / 1000;
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")}: exit code ${code}\n${text}`);
  }
  return { seconds, stdout: text };
}

/** Runs `contractor` from source. */
export function contractor(...args: string[]): Promise<CommandResult> {
  return runCommand(`${sourceDirectory}scripts/contractor`, args);
}

/** A build's time from start to end, and that of each phase, in seconds. */
export interface BuildTimes {
  seconds: number;
  phases: Map<string, number>;
}

/** Builds, and reads the times from the events. */
export async function timedBuild(spec: string): Promise<BuildTimes> {
  const { seconds, stdout } = await contractor("build", "--json", spec);
  const events = stdout.trimEnd().split("\n")
    .map((line) => JSON.parse(line) as BuildEvent);
  const phases = new Map<string, number>();
  for (const event of events) {
    if (event.type === "phase-end") phases.set(event.phase, event.seconds);
  }
  return { seconds, phases };
}
