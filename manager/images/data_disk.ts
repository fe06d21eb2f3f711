/**
 * Space on the manager's data disk.
 *
 * @module
 */

import { statfs } from "node:fs/promises";

/** Space of a file system, in bytes. */
export interface DiskSpace {
  total: number;
  used: number;
  available: number;
}

/** Measures the file system that holds the directory: statfs(2). */
export async function measureDiskSpace(directory: string): Promise<DiskSpace> {
  const { bsize, blocks, bfree, bavail } = await statfs(directory);
  return {
    total: bsize * blocks,
    used: bsize * (blocks - bfree),
    available: bsize * bavail,
  };
}
