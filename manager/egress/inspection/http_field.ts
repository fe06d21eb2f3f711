/**
 * Reads a field line of HTTP (RFC 9112, section 5).
 *
 * @module
 */

/** A name in lower case and a value, one character per byte. */
export interface Field {
  name: string;
  value: string;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * The field in a line; undefined if it is malformed. A line that continues the
 * one before (obs-fold) and a space before the colon are malformed, too.
 */
export function parseField(line: string): Field | undefined {
  const colon = line.indexOf(":");
  if (colon < 0) return undefined;
  const name = line.slice(0, colon);
  if (!TOKEN.test(name)) return undefined;
  return {
    name: name.toLowerCase(),
    value: trimWhitespace(line.slice(colon + 1)),
  };
}

/** Whitespace of HTTP is spaces and tabs alone, unlike `trim`'s. */
function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text[start]!)) start++;
  while (end > start && isWhitespace(text[end - 1]!)) end--;
  return text.slice(start, end);
}

function isWhitespace(character: string): boolean {
  return character === " " || character === "\t";
}
