/**
 * Facts that the kernel tells in `/proc`, which is closed to a scoped Deno.
 *
 * @module
 */

import { runCommand } from "./commands.ts";

/** Memory of the machine, in bytes. */
export interface MemoryFacts {
  total: number;
  available: number;
}

/** Parses `/proc/meminfo`. */
export function parseMemoryFacts(meminfo: string): MemoryFacts {
  const field = (name: string): number => {
    const match = new RegExp(`^${name}:\\s+([0-9]+) kB$`, "m").exec(meminfo);
    if (match === null) throw new Error(`Cannot find "${name}" in meminfo`);
    return Number(match[1]) * 1024;
  };
  return { total: field("MemTotal"), available: field("MemAvailable") };
}

/** Measures the machine's memory. */
export async function readMemoryFacts(): Promise<MemoryFacts> {
  return parseMemoryFacts(await runCommand("cat", ["/proc/meminfo"]));
}

/** Seconds since the machine started. */
export async function readUptime(): Promise<number> {
  return Number.parseFloat(await runCommand("cat", ["/proc/uptime"]));
}

/** The kernel's command line. */
export function readKernelCommandLine(): Promise<string> {
  return runCommand("cat", ["/proc/cmdline"]);
}
