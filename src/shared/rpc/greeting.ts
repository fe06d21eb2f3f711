import { asChannelError, ChannelError } from "./channel_error.ts";
import { GREETING } from "./protocol.ts";

/** More than an earlier connection can have left on its way. */
export const MAX_DISCARDED_BYTES = 64 * 1024 ** 2;

const greeting = new TextEncoder().encode(GREETING);

export interface GreetingOptions {
  /** Gives up when aborted; the byte stream is cancelled then. */
  signal?: AbortSignal;
  /** Most bytes to discard before giving up. */
  maxBytes?: number;
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length);
  bytes.set(left);
  bytes.set(right, left.length);
  return bytes;
}

function startsWithGreeting(bytes: Uint8Array, at: number): boolean {
  return greeting.every((byte, index) => bytes[at + index] === byte);
}

function indexAfterGreeting(bytes: Uint8Array): number | undefined {
  let at = bytes.indexOf(greeting[0]!);
  while (at >= 0 && at + greeting.length <= bytes.length) {
    if (startsWithGreeting(bytes, at)) return at + greeting.length;
    at = bytes.indexOf(greeting[0]!, at + 1);
  }
  return undefined;
}

async function search(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { signal, maxBytes = MAX_DISCARDED_BYTES }: GreetingOptions,
): Promise<Uint8Array> {
  let seen: Uint8Array = new Uint8Array();
  let discarded = 0;
  while (true) {
    const { done, value } = await reader.read();
    signal?.throwIfAborted();
    if (done) {
      throw new ChannelError(
        "greeting-missing",
        "The manager closed the connection without a greeting",
      );
    }
    seen = concat(seen, value);
    const after = indexAfterGreeting(seen);
    if (after !== undefined) return seen.subarray(after);
    const drop = Math.max(0, seen.length - (greeting.length - 1));
    discarded += drop;
    seen = seen.subarray(drop);
    if (discarded > maxBytes) {
      throw new ChannelError(
        "greeting-missing",
        `The manager sent ${discarded} bytes without a greeting`,
      );
    }
  }
}

/**
 * Discards bytes up to and including the manager's greeting, and returns those
 * that came with it and belong to what follows. The stream is cancelled on
 * failure and left unlocked on success.
 *
 * @throws {ChannelError} if the stream ends or goes on without a greeting
 */
export async function discardUntilGreeting(
  readable: ReadableStream<Uint8Array>,
  options: GreetingOptions = {},
): Promise<Uint8Array> {
  const { signal } = options;
  const reader = readable.getReader();
  const cancel = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", cancel);
  try {
    signal?.throwIfAborted();
    return await search(reader, options);
  } catch (error) {
    cancel();
    signal?.throwIfAborted();
    throw asChannelError(error);
  } finally {
    signal?.removeEventListener("abort", cancel);
    reader.releaseLock();
  }
}

/** The same byte stream with bytes put before it. */
export function prepend(
  bytes: Uint8Array,
  readable: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const reader = readable.getReader();
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
