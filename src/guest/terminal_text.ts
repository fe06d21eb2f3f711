/**
 * Makes untrusted text safe to print on a terminal.
 *
 * What cannot be seen is shown as backslash escapes: `\x1b[2J`, `\x07`,
 * `\u202e`. The only control sequences that stay are SGR colours and styles, and
 * of these only what leaves text visible on any background: the colours of the
 * terminal's own palette save black, white and greys, for letters alone. Other
 * colours become the default one, and backgrounds are dropped.
 *
 * @module
 */

import { escapeHidden, isPlain } from "../shared/visible_text.ts";

/** The sequence that ends every colour and style. */
export const SGR_RESET = "\x1b[0m";

/** Longest parameter list of a colour sequence; true colour needs 38. */
const MAX_SGR_PARAMETERS = 48;

/** Longest colour sequence, from the escape to the final letter. */
export const MAX_SGR_LENGTH = MAX_SGR_PARAMETERS + 3;

const allSgr = new RegExp(`\\x1b\\[([0-9;]{0,${MAX_SGR_PARAMETERS}})m`, "g");

/**
 * Makes one line, or text of several lines, safe: colours stay and are closed
 * at the end, everything else that is unsafe is made visible.
 */
export function makeVisible(text: string): string {
  if (isPlain(text)) return text;
  let visible = "";
  let colourOpen = false;
  let start = 0;
  for (const { 0: sequence, 1: parameters, index } of text.matchAll(allSgr)) {
    visible += escapeHidden(text.slice(start, index));
    start = index + sequence.length;
    const codes = harmlessCodes(parameters!);
    if (codes === undefined) {
      visible += escapeHidden(sequence);
    } else if (codes.length > 0) {
      visible += `\x1b[${codes.join(";")}m`;
      colourOpen = codes.at(-1) !== RESET;
    }
  }
  visible += escapeHidden(text.slice(start));
  return colourOpen ? visible + SGR_RESET : visible;
}

/** Removes colour sequences. */
export function stripColour(text: string): string {
  return text.replace(allSgr, "");
}

/**
 * Makes a piece of untrusted text safe to quote in a message: no colours, line
 * breaks and tabs stay, the rest is made visible; at most `maxChars` long, with
 * an ellipsis where it was cut.
 */
export function sanitizeText(text: string, maxChars: number): string {
  const head = text.slice(0, maxChars + 1).replaceAll(/\r+\n?/g, "\n");
  const safe = escapeHidden(stripColour(head));
  if (safe.length <= maxChars && text.length <= maxChars) return safe;
  return safe.slice(0, maxChars - 1).toWellFormed() + "…";
}

/** Quotes an untrusted file name, or the like, for an error message. */
export function quoteUntrusted(text: string): string {
  return `"${sanitizeText(text, 200).replaceAll("\n", "\\x0a")}"`;
}

const RESET = 0;
const DEFAULT_COLOUR = 39;
const CONCEAL = 8;

/** Highest code that is in use: bright backgrounds. */
const MAX_CODE = 107;

/** Bold, dim, italic, underlined, inverse, crossed out, and their ends. */
const styles = new Set([1, 2, 3, 4, 7, 9, 21, 22, 23, 24, 27, 29]);

/**
 * What of a sequence leaves text visible, each code once; undefined if the
 * sequence is unknown or conceals, and is to be shown.
 */
function harmlessCodes(parameters: string): number[] | undefined {
  const codes = parameters.split(";").map(Number);
  let kept: number[] = [];
  let colour: number | undefined;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === CONCEAL || code > MAX_CODE) return undefined;
    if (code === RESET) {
      kept = [RESET];
      colour = undefined;
    } else if (code === 38) {
      colour = codes[i + 1] === 5
        ? paletteColour(codes[i + 2])
        : DEFAULT_COLOUR;
      i += operands(codes[i + 1]);
    } else if (code === 48 || code === 58) {
      i += operands(codes[i + 1]);
    } else if (isColour(code)) {
      colour = hasHue(code) ? code : DEFAULT_COLOUR;
    } else if (styles.has(code) && !kept.includes(code)) {
      kept.push(code);
    }
  }
  return colour === undefined ? kept : [...kept, colour];
}

/** How many parameters of 38, 48 or 58 follow: a palette's index, or RGB. */
function operands(kind: number | undefined): number {
  return kind === 5 ? 2 : kind === 2 ? 4 : 0;
}

/** The first sixteen of 256 colours are the palette's; the rest is any. */
function paletteColour(index = 0): number {
  const code = index < 8 ? 30 + index : 82 + index;
  return index < 16 && hasHue(code) ? code : DEFAULT_COLOUR;
}

function isColour(code: number): boolean {
  return (code >= 30 && code <= 39) || (code >= 90 && code <= 97);
}

/** Red to cyan; the others are black, white and what lies between. */
function hasHue(code: number): boolean {
  return (code >= 31 && code <= 36) || (code >= 91 && code <= 96);
}
