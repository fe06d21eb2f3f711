/**
 * Text of others made visible: the one set of characters that nobody sees, or
 * that change how others are seen. It holds for the log, for messages, for
 * names of files and for JSON, on the host and in the manager.
 *
 * The set is made of Unicode's own properties:
 * - `C`: controls other than tab and line feed, format characters (zero-width
 *   ones, soft hyphen, those that reorder text, tags), surrogates without a
 *   partner, private and unassigned ones;
 * - line and paragraph separators;
 * - `Default_Ignorable_Code_Point`: Hangul fillers, variation selectors, the
 *   grapheme joiner;
 * - two blanks that are no spaces to Unicode: the empty Braille pattern and the
 *   null notehead;
 * - marks that have nothing to stand on, or stand on too many others.
 *
 * Emoji stay as they are in `RGI_Emoji`, Unicode's finite list of sequences for
 * interchange, although variation selectors, joiners and tags are in them. A
 * price: joiners of Persian and Indic scripts are shown as escapes.
 *
 * @module
 */

/**
 * Marks that may stand on one character. Unicode Technical Standard 39, 5.4:
 * "Forbid sequences of more than 4 nonspacing marks".
 */
const MAX_MARKS = 4;

const ignorable = String.raw`\p{Default_Ignorable_Code_Point}`;
const hidden = String
  .raw`[[\p{C}\p{Zl}\p{Zp}${ignorable}\u2800\u{1d159}]--[\t\n]]`;
const marks = String.raw`[[\p{Mn}\p{Me}]--${ignorable}]+`;

const suspicious = new RegExp(`${hidden}|${marks}`, "v");
const pieces = new RegExp(`(${hidden}+)|(${marks})`, "gv");

/** Emoji go first: what is hidden in them begins none. */
const piecesAndEmoji = new RegExp(
  String.raw`\p{RGI_Emoji}|${pieces.source}`,
  "gv",
);

/** What is in sequences of emoji, and elsewhere hidden. */
const inEmoji = /[\u200d\ufe0f\u{e0020}-\u{e007f}]/u;

/** Whether all of a text can be seen, as far as a quick look tells. */
export function isPlain(text: string): boolean {
  return !suspicious.test(text);
}

/** Shows what cannot be seen as `\x1b`, `\u202e` or `\u{e0041}`. */
export function escapeHidden(text: string): string {
  return replaceHidden(text, spellBriefly);
}

/** The same in JSON's spelling, which also fits into a text of JSON. */
export function escapeHiddenInJson(text: string): string {
  return replaceHidden(text, spellInJson);
}

/** A JSON string of a text, which can be seen and stays on one line. */
export function quoteVisibly(text: string): string {
  return escapeHiddenInJson(JSON.stringify(text));
}

type Spell = (character: string) => string;

function replaceHidden(text: string, spell: Spell): string {
  if (isPlain(text)) return text;
  return text.replace(
    inEmoji.test(text) ? piecesAndEmoji : pieces,
    (piece, hidden?: string, marks?: string, offset = 0) => {
      if (hidden !== undefined) return Array.from(hidden, spell).join("");
      if (marks === undefined) return piece;
      const before = text[offset - 1] ?? "\n";
      const standing = before === "\n" || before === "\t" ? 0 : MAX_MARKS;
      return Array.from(marks, (mark, i) => i < standing ? mark : spell(mark))
        .join("");
    },
  );
}

function spellBriefly(character: string): string {
  const code = character.codePointAt(0)!;
  const digits = code.toString(16);
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${digits.padStart(4, "0")}`;
  return `\\u{${digits}}`;
}

function spellInJson(character: string): string {
  return character.split("").map((unit) =>
    `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  ).join("");
}
