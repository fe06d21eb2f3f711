/**
 * Turns the bytes that a guest writes to its log into lines that are safe to
 * print on a terminal and to save.
 *
 * @module
 */

import { makeVisible, MAX_SGR_LENGTH } from "../terminal_text.ts";

export { quoteUntrusted, sanitizeText, stripColour } from "../terminal_text.ts";

/** Longer lines are broken: 16 Ki characters, many screens. */
export const MAX_LINE_CHARS = 16 * 1024;

/** A streaming sanitizer; how the input is cut into chunks does not matter. */
export interface LogSanitizer {
  /** Takes bytes, returns the lines that they complete, each with its `\n`. */
  push(bytes: Uint8Array): string;
  /** Returns what is left, as a complete line. */
  end(): string;
}

/**
 * Creates a sanitizer for one log.
 *
 * Invalid UTF-8 becomes U+FFFD. A run of carriage returns, with or without a
 * line feed after it, is one line break, so a progress bar becomes lines. A
 * colour ends with its line. Everything else is as for `makeVisible`.
 */
export function createLogSanitizer(): LogSanitizer {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let pending = "";

  function takeLines(atEnd: boolean): string {
    let output = "";
    let start = 0;
    while (start < pending.length) {
      const line = nextLine(pending, start, atEnd);
      if (line === undefined) break;
      output += makeVisible(pending.slice(start, line.end)) + "\n";
      start = line.next;
    }
    // Undecided carriage returns at the end may be many, but count as one.
    pending = pending.slice(start).replace(/\r+$/, "\r");
    return output;
  }

  return {
    push(bytes) {
      pending += decoder.decode(bytes, { stream: true });
      return takeLines(false);
    },
    end() {
      pending += decoder.decode();
      return takeLines(true);
    },
  };
}

/** Finds the line that begins at `start`; undefined if more input decides. */
function nextLine(
  text: string,
  start: number,
  atEnd: boolean,
): { end: number; next: number } | undefined {
  const window = text.slice(start, start + MAX_LINE_CHARS + MAX_SGR_LENGTH);
  const end = window.search(/[\r\n]/);
  if (end >= 0 && end <= MAX_LINE_CHARS) {
    let next = start + end;
    while (text[next] === "\r") next++;
    if (next === text.length && !atEnd) return undefined;
    if (text[next] === "\n") next++;
    return { end: start + end, next };
  }
  if (window.length > MAX_LINE_CHARS) {
    const decided = end >= 0 || atEnd ||
      window.length === MAX_LINE_CHARS + MAX_SGR_LENGTH;
    if (!decided) return undefined;
    const cut = start + breakPosition(window);
    return { end: cut, next: cut };
  }
  return atEnd ? { end: text.length, next: text.length } : undefined;
}

/** Where to break a long line: not inside a colour or a surrogate pair. */
function breakPosition(line: string): number {
  const escape = line.lastIndexOf("\x1b", MAX_LINE_CHARS - 1);
  if (escape > MAX_LINE_CHARS - MAX_SGR_LENGTH) {
    // deno-lint-ignore no-control-regex
    const sequence = /^\x1b\[[0-9;]*m/.exec(line.slice(escape))?.[0];
    if (sequence && escape + sequence.length > MAX_LINE_CHARS) return escape;
  }
  const last = line.charCodeAt(MAX_LINE_CHARS - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return splitsPair ? MAX_LINE_CHARS - 1 : MAX_LINE_CHARS;
}
