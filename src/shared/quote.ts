/**
 * Showing untrusted text, such as a key from a build spec, in a message.
 *
 * @module
 */

import { escapeHiddenInJson, quoteVisibly } from "./visible_text.ts";

const MAX_QUOTED_LENGTH = 80;

/** Makes every character visible that cannot be seen, as JSON spells it. */
export const escapeControls = escapeHiddenInJson;

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
  return quoteVisibly(path);
}
