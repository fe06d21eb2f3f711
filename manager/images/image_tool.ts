/**
 * Runs `qemu-img`, which reads what others wrote, with nothing but the files of
 * one call.
 *
 * @module
 */

import { runCommand } from "../system/commands.ts";
import { confine, confinedUsers, CONFINER } from "../system/confinement.ts";

const MEBIBYTE = 1024 ** 2;

/** Several times what it takes for a large image. */
const MEMORY_BYTES = 512 * MEBIBYTE;

/** Facts about an image take a few kilobytes. */
const MAX_OUTPUT_BYTES = MEBIBYTE;

/** What one call does. */
export interface ImageToolCall {
  args: readonly string[];
  /** Files that it reads. */
  reads?: readonly string[];
  /** The file that it writes, anew. */
  write?: { path: string; maxBytes: number };
  timeoutSeconds?: number;
  /** Kills it. */
  signal?: AbortSignal;
}

/** Runs `qemu-img`, gives what it prints. @throws {CommandError} */
export type ImageTool = (call: ImageToolCall) => Promise<string>;

/** Runs it as a user of its own, who has the written file for so long. */
export const confinedImageTool: ImageTool = async (
  { args, reads = [], write, ...options },
) => {
  const user = confinedUsers.images;
  const arguments_ = confine("qemu-img", args, {
    ...{ user, reads, memoryBytes: MEMORY_BYTES },
    writes: write === undefined ? [] : [write.path],
    fileBytes: write?.maxBytes ?? 0,
  });
  if (write !== undefined) await lend(write.path, user);
  try {
    return await runCommand(CONFINER, arguments_, {
      ...options,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
  } finally {
    if (write !== undefined) await Deno.chown(write.path, 0, 0);
  }
};

async function lend(path: string, user: number): Promise<void> {
  const options = { write: true, create: true, truncate: true, mode: 0o600 };
  using _file = await Deno.open(path, options);
  await Deno.chown(path, user, user);
}
