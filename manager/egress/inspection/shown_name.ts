/**
 * Shows what a guest claims without letting it reach a terminal or a log.
 *
 * @module
 */

const MAX_LENGTH = 300;
const CUT = "...";
const EMPTY = '""';

/**
 * The name in printable ASCII without spaces: other bytes, and backslashes,
 * become escapes such as `\x20`. Cut to 300 characters; never empty.
 */
export function showName(name: string | Uint8Array): string {
  const bytes = typeof name === "string"
    ? new TextEncoder().encode(name.slice(0, MAX_LENGTH + 1))
    : name;
  if (bytes.length === 0) return EMPTY;
  let shown = "";
  let cut = "";
  for (const byte of bytes) {
    shown += showByte(byte);
    if (shown.length > MAX_LENGTH) return cut + CUT;
    if (shown.length <= MAX_LENGTH - CUT.length) cut = shown;
  }
  return shown;
}

function showByte(byte: number): string {
  if (byte > 0x20 && byte < 0x7f && byte !== 0x5c) {
    return String.fromCharCode(byte);
  }
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
