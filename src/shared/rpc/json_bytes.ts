import { ChannelError, violation } from "./channel_error.ts";

/** The protocol's messages are at most 5 deep. */
export const MAX_JSON_DEPTH = 32;

/** The protocol's longest list, 2,000 rules, has about 10,000 values. */
export const MAX_JSON_VALUES = 65_536;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c;
const OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

/**
 * Bounds what parsing will build, before it is built: a few megabytes of `[`
 * would become a hundred times as much memory.
 */
function checkShape(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth++;
      values++;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth--;
    } else if (byte === COMMA) {
      values++;
    }
    if (depth > MAX_JSON_DEPTH) {
      throw violation("Received JSON nested too deep");
    }
    if (values > MAX_JSON_VALUES) {
      throw violation("Received JSON of too many values");
    }
  }
}

/**
 * Parses JSON of the peer.
 *
 * @throws {ChannelError} if it is not UTF-8, not JSON or beyond the bounds
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  checkShape(bytes);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    // The parser's own message would quote the peer's bytes.
    throw violation("Received what is not JSON");
  }
}

/**
 * @throws {ChannelError} if the value is no JSON or longer than `maxBytes`
 */
export function encodeJsonBytes(value: unknown, maxBytes: number): Uint8Array {
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new ChannelError("channel-limit", "Cannot send what is not JSON");
  }
  const bytes = encoder.encode(text);
  if (bytes.length > maxBytes) {
    throw new ChannelError(
      "channel-limit",
      `Cannot send ${bytes.length} bytes of JSON: the limit is ${maxBytes}`,
    );
  }
  return bytes;
}
