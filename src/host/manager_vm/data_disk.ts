/**
 * The disk that holds the manager's caches and its workers' disks.
 *
 * @module
 */

import { stateFileError } from "../state/file_errors.ts";

/** Of a sparse file: room for builds side by side. */
export const DATA_DISK_BYTES = 256 * 1024 ** 3;

/**
 * Makes the disk where there is none. An earlier attempt may have ended before it
 * had its size, and an earlier version's had another one: then it is blank again,
 * and its caches are forgotten.
 *
 * @throws {EnvironmentError} if it cannot be written
 */
export async function createDataDisk(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, {
      write: true,
      create: true,
      mode: 0o600,
    });
    const { size } = await file.stat();
    if (size === DATA_DISK_BYTES) return;
    await file.truncate(0);
    await file.truncate(DATA_DISK_BYTES);
  } catch (error) {
    throw stateFileError(error, "create the data disk", path);
  }
}
