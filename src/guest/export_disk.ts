/**
 * The raw disk that a worker writes the archive of its workspace to: a sparse
 * file, larger than what a workspace may have, so that one which is too large is
 * found out by its archive.
 *
 * @module
 */

import { allocatedBytes } from "../allocated_bytes.ts";
import { fileSystemError } from "./file_system_error.ts";
import { tooLarge } from "./member_policy.ts";

/** For headers and padding: a sixteenth is 32 bytes for each 512. */
const HEADER_SHARE = 16;
const HEADER_BYTES = 64 * 1024 ** 2;

/** The last block of a disk may be cut. */
const SLACK_BYTES = 2 * 1024 ** 2;

/** Size of the disk for a workspace of so many bytes. */
export function exportDiskBytes(workspaceBytes: number): number {
  return workspaceBytes + Math.ceil(workspaceBytes / HEADER_SHARE) +
    HEADER_BYTES;
}

/**
 * Refuses a disk that the worker has filled, which explains why its archive has
 * no end. It may have done so on purpose: then it failed its own build.
 *
 * @param allowed most bytes that the workspace may have
 * @throws {LimitExceededError} `workspace-too-large`
 */
export async function requireExportRoom(
  archive: string,
  allowed: number,
): Promise<void> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(archive);
  } catch (error) {
    throw fileSystemError("look at", archive, error);
  }
  if (allocatedBytes(info) < info.size - SLACK_BYTES) return;
  throw tooLarge(`its archive has more than ${info.size} bytes`, {
    limit: "workspace.bytes",
    allowed,
    measured: info.size,
  });
}
