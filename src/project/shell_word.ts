import { escapeControls } from "../shared/quote.ts";

/**
 * A word to paste into a shell, whatever is in it: names of files can come from
 * a spec's author. What could act on a terminal is written as an escape, in
 * quotes that bash, zsh and ksh know.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  const escaped = escapeAll(text.replaceAll(/[\\']/g, "\\$&"));
  return escapeAll(text) === text
    ? `'${text.replaceAll("'", "'\\''")}'`
    : `$'${toShellEscapes(escaped)}'`;
}

/** Unlike in a message, tabs and line feeds count as well. */
function escapeAll(text: string): string {
  return escapeControls(text).replaceAll("\t", "\\t").replaceAll("\n", "\\n");
}

/** Shells know no pairs of surrogates; a doubled backslash begins no escape. */
function toShellEscapes(escaped: string): string {
  return escaped.replaceAll(
    /(?<=(?<!\\)(?:\\\\)*)\\u(d[89ab]..)\\u(d[c-f]..)/g,
    (_, high, low) => {
      const pair = String.fromCharCode(parseInt(high, 16), parseInt(low, 16));
      return `\\U${pair.codePointAt(0)!.toString(16).padStart(8, "0")}`;
    },
  );
}
