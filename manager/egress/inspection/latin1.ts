/**
 * Bytes as text, one character per byte, so that nothing gets lost.
 *
 * @module
 */

const PIECE = 8192;

/** Text whose characters are the bytes (ISO 8859-1). */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += PIECE) {
    text += String.fromCharCode(...bytes.subarray(start, start + PIECE));
  }
  return text;
}

/** The bytes of a text that `decodeLatin1` made. */
export function encodeLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
