/**
 * JSON that is safe to look at: control characters that JSON itself would let
 * through are escaped too.
 *
 * @module
 */

import { escapeControls } from "../shared/quote.ts";

/** One line, for a stream of JSON lines. */
export function toJsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value)) + "\n";
}

/** Indented, for people to read too. */
export function toJsonText(value: unknown): string {
  return escapeControls(JSON.stringify(value, null, 2)) + "\n";
}
