/**
 * The room on a build's disk in which a worker writes the archive of its
 * workspace: a hole, larger than what a workspace may have, so that one which is
 * too large is found out by its archive.
 *
 * @module
 */

import { allocatedBytes } from "../../shared/allocated_bytes.ts";
import { fileSystemError } from "../file_system_error.ts";
import { tooLarge } from "./member_policy.ts";

/** For headers and padding: a sixteenth is 32 bytes for each 512. */
const HEADER_SHARE = 16;
const HEADER_BYTES = 64 * 1024 ** 2;

/** The last block of a disk may be cut. */
const SLACK_BYTES = 2 * 1024 ** 2;

/** Where the room begins, and what the disk took before the build. */
export interface ExportRoom {
  exportOffset: number;
  allocatedBytes: number;
}

/** Room for the archive of a workspace of so many bytes. */
export function exportRoomBytes(workspaceBytes: number): number {
  return workspaceBytes + Math.ceil(workspaceBytes / HEADER_SHARE) +
    HEADER_BYTES;
}

/** Bytes that a disk takes on the host. */
export async function diskAllocation(disk: string): Promise<number> {
  return allocatedBytes(await stat(disk));
}

/**
 * Refuses a disk whose room the worker has filled, which explains why its
 * archive has no end. It may have done so on purpose: then it failed its own
 * build.
 *
 * @param allowed most bytes that the workspace may have
 * @throws {LimitExceededError} `workspace-too-large`
 */
export async function requireExportRoom(
  disk: string,
  packed: ExportRoom,
  allowed: number,
): Promise<void> {
  const info = await stat(disk);
  const room = info.size - packed.exportOffset;
  const written = allocatedBytes(info) - packed.allocatedBytes;
  if (written < room - SLACK_BYTES) return;
  throw tooLarge(`its archive has more than ${room} bytes`, {
    limit: "workspace.bytes",
    allowed,
    measured: room,
  });
}

async function stat(disk: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(disk);
  } catch (error) {
    throw fileSystemError("look at", disk, error);
  }
}
