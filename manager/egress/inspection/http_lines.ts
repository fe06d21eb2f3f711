/**
 * Finds the lines of HTTP's text parts.
 *
 * @module
 */

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const FIRST_PRINTABLE = 0x20;
const DELETE = 0x7f;

/** Which bytes a line may have beside control characters, which none has. */
export type LineBytes = "ascii" | "any";

/**
 * Where the next line's CR LF is, looking from `start`. "bad" is a byte that
 * the line may not have, also CR or LF alone; "more" that the line goes on.
 */
export function findLineEnd(
  bytes: Uint8Array,
  start: number,
  allowed: LineBytes,
): number | "more" | "bad" {
  const highest = allowed === "any" ? 0xff : DELETE;
  for (let position = start; position < bytes.length; position++) {
    const byte = bytes[position]!;
    if (byte > highest) return "bad";
    if (byte >= FIRST_PRINTABLE ? byte !== DELETE : byte === TAB) continue;
    if (byte !== CARRIAGE_RETURN) return "bad";
    if (position + 1 === bytes.length) return "more";
    return bytes[position + 1] === LINE_FEED ? position : "bad";
  }
  return "more";
}

/** Where to look on when more bytes have come. */
export function lookOnFrom(bytes: Uint8Array): number {
  return bytes.length - (bytes.at(-1) === CARRIAGE_RETURN ? 1 : 0);
}
