import { escapeControls } from "../spec/quote.ts";

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
    : `$'${escaped}'`;
}

/** Unlike in a message, tabs and line feeds count as well. */
function escapeAll(text: string): string {
  return escapeControls(text).replaceAll("\t", "\\t").replaceAll("\n", "\\n");
}
