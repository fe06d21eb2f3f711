/**
 * Characters that nobody sees, or that change how others are seen.
 *
 * @module
 */

/** Of the emoji, whose sequences have some of them. */
const emoji = /\p{RGI_Emoji}/gv;

/** Deliberately not the product's own set. */
const unseen =
  /(?![\n\t])\p{Cc}|[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]|[\u{e0000}-\u{e0fff}]|\p{Cs}/u;

/** The first of them in a text, as `U+202e`; `undefined` if there is none. */
export function findUnseen(text: string): string | undefined {
  const [found] = unseen.exec(text.replaceAll(emoji, "")) ?? [];
  return found && `U+${found.codePointAt(0)!.toString(16)}`;
}
