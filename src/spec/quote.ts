/**
 * Showing untrusted text, such as a key from a build spec, in a message.
 *
 * @module
 */

const MAX_QUOTED_LENGTH = 80;

/**
 * Control characters (C0 except tab and line feed, DEL, C1), line and paragraph
 * separators, and the marks that reorder text on screen.
 */
const unsafeCharacters =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function escapeCharacter(character: string): string {
  return "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

/** Makes every character visible that could act on a terminal. */
export function escapeControls(text: string): string {
  return text.replace(unsafeCharacters, escapeCharacter);
}

/** Quotes untrusted text for a message: one line, bounded, harmless. */
export function quote(text: string): string {
  return quotePath(
    text.length > MAX_QUOTED_LENGTH
      ? text.slice(0, MAX_QUOTED_LENGTH) + "…"
      : text,
  );
}

/** Quotes a path, which is of no use if it is cut. */
export function quotePath(path: string): string {
  return escapeControls(JSON.stringify(path));
}
