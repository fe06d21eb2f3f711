/**
 * Space on the manager's data disk.
 *
 * @module
 */

import { runCommand } from "./commands.ts";

/** Space of a file system, in bytes. */
export interface DiskSpace {
  total: number;
  used: number;
  available: number;
}

/** Parses what `df --block-size=1 --output=size,used,avail` prints. */
export function parseDiskSpace(output: string): DiskSpace {
  const numbers = output.trim().split("\n").at(-1)?.trim().split(/\s+/)
    .map(Number) ?? [];
  const [total, used, available] = numbers;
  if (
    total === undefined || used === undefined || available === undefined ||
    !numbers.every(Number.isSafeInteger)
  ) throw new Error(`Cannot parse the output of df: ${JSON.stringify(output)}`);
  return { total, used, available };
}

/** Measures the file system that holds the directory. */
export async function measureDiskSpace(directory: string): Promise<DiskSpace> {
  return parseDiskSpace(
    await runCommand("df", [
      "--block-size=1",
      "--output=size,used,avail",
      directory,
    ]),
  );
}
