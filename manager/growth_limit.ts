/**
 * Bounds what a program writes into a file, by what the file takes on the disk.
 *
 * @module
 */

import { systemClock } from "../src/limits/clock.ts";
import { AgentError } from "../src/rpc/peer.ts";
import { measureFile } from "./file_size.ts";

/** What a program writes in between is beyond the limit. */
const POLL_MS = 200;

/**
 * Has a file written that may take so many bytes.
 *
 * @param write ends when its signal does
 * @throws {AgentError} `image-too-large`
 */
export async function withGrowthLimit(
  file: string,
  maxBytes: number,
  signal: AbortSignal,
  write: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const requireSmall = async () => {
    if (await measureFile(file) > maxBytes) throw imageTooLarge();
  };
  const watch = async () => {
    while (!stop.signal.aborted) {
      await requireSmall();
      await systemClock.sleep(POLL_MS, stop.signal).catch(() => {});
    }
  };
  const watched = watch().catch((error) => stop.abort(error));
  try {
    await write(AbortSignal.any([signal, stop.signal]));
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    throw error;
  } finally {
    stop.abort();
    await watched;
  }
  await requireSmall();
}

/** The error of an image with more data than it may have. */
export function imageTooLarge(): AgentError {
  return new AgentError(
    "image-too-large",
    "The worker image has more data than it may have",
  );
}
