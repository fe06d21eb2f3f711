/**
 * Makes untrusted text safe to print on a terminal.
 *
 * Control characters and characters that reorder or hide text are shown as
 * backslash escapes: `\x1b[2J`, `\x07`, `\u202e`. The only control sequences
 * that stay are SGR colours and styles, save for the one that conceals text.
 *
 * @module
 */

/** The sequence that ends every colour and style. */
export const SGR_RESET = "\x1b[0m";

/** Longest parameter list of a colour sequence; true colour needs 38. */
const MAX_SGR_PARAMETERS = 48;

/** Longest colour sequence, from the escape to the final letter. */
export const MAX_SGR_LENGTH = MAX_SGR_PARAMETERS + 3;

const sgr = new RegExp(`\\x1b\\[([0-9;]{0,${MAX_SGR_PARAMETERS}})m`, "y");
const allSgr = new RegExp(sgr.source, "g");

// Controls other than tab and line feed, C1 controls, bidirectional marks,
// embeddings, overrides and isolates, line and paragraph separators, the byte
// order mark, interlinear annotations, tag characters, lone surrogates.
const unsafe =
  // deno-lint-ignore no-control-regex
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\p{Cs}\u{e0000}-\u{e007f}]/u;
const allUnsafe = new RegExp(unsafe.source, "gu");

/**
 * Makes one line, or text of several lines, safe: colours stay and are closed
 * at the end, everything else that is unsafe is made visible.
 */
export function makeVisible(text: string): string {
  if (!unsafe.test(text)) return text;
  let colourOpen = false;
  const visible = text.replace(allUnsafe, (character, offset: number) => {
    if (character === "\x1b") {
      sgr.lastIndex = offset;
      const parameters = sgr.exec(text)?.[1];
      if (parameters !== undefined && isHarmlessSgr(parameters)) {
        colourOpen = !/^[0;]*$/.test(parameters);
        return character;
      }
    }
    return escapeCharacter(character);
  });
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
  const safe = makeVisible(stripColour(head)).replaceAll(
    "\x1b",
    escapeCharacter,
  );
  if (safe.length <= maxChars && text.length <= maxChars) return safe;
  return safe.slice(0, maxChars - 1).toWellFormed() + "…";
}

/** Quotes an untrusted file name, or the like, for an error message. */
export function quoteUntrusted(text: string): string {
  return `"${sanitizeText(text, 200).replaceAll("\n", "\\x0a")}"`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  const digits = code.toString(16);
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${digits.padStart(4, "0")}`;
  return `\\u{${digits}}`;
}

/** Whether every parameter is a known colour or style, and none conceals. */
function isHarmlessSgr(parameters: string): boolean {
  const codes = parameters.split(";").map(Number);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 38 || code === 48 || code === 58) {
      i += codes[i + 1] === 5 ? 2 : codes[i + 1] === 2 ? 4 : 0;
    } else if (code === 8 || code > 107) {
      return false;
    }
  }
  return true;
}
