/**
 * What becomes of the manager's memory when nothing is built.
 *
 * @module
 */

import { runCommand } from "./commands.ts";

/** How long after the last build: the next one may follow at once. */
export const QUIET_SECONDS = 10;

/**
 * Drops what is only a copy of the disks, and gathers what is free: the kernel
 * reports free memory to the host, where it comes in large pieces.
 */
export async function releaseMemory(): Promise<void> {
  await runCommand("systemctl", ["start", "contractor-memory.service"]);
}
