/**
 * Lines of text as rows of a screen, each with something before it that tells
 * whose line it is. What a terminal would wrap by itself would begin at its left
 * edge, where Contractor's own words begin; so lines are broken before that.
 *
 * @module
 */

import { makeVisible, SGR_RESET, stripColour } from "../guest/terminal_text.ts";
import { escapeControls } from "../shared/quote.ts";
import { styled } from "./style.ts";
import type { Output } from "./terminal.ts";

/** What stands before a line, and before what did not fit into its first row. */
export interface RowPrefix {
  readonly first: string;
  readonly next: string;
  /** Break between words, where there are any. */
  readonly words?: boolean;
}

/** Before the lines of others: a worker's log, the end of a console. */
export const GUTTER = "| ";

/** Before what did not fit of Contractor's own lines. */
const CONTINUED = "  … ";

/** Rows are no narrower than this, whatever the screen is. */
const MIN_ROOM = 8;

const TAB = 8;

/** A colour, plain letters, a tab, or what takes its place together. */
const unit =
  // deno-lint-ignore no-control-regex
  /\x1b\[[0-9;]*m|(?<letters>[\x20-\x7e]+(?![\p{Mn}\p{Me}]))|\t|\p{RGI_Emoji}|[^\p{Mn}\p{Me}][\p{Mn}\p{Me}]*|[\p{Mn}\p{Me}]/gv;

/**
 * Lays out one line, which ends as a row does; its colours end with the row.
 *
 * @param columns of the screen; undefined if the text goes elsewhere
 */
export function toRows(
  line: string,
  { first, next, words = false }: RowPrefix,
  columns: number | undefined,
): string {
  const room = columns === undefined
    ? Infinity
    : Math.max(columns - Math.max(width(first), width(next)), MIN_ROOM);
  if (line === "") return first.trimEnd() + "\n";
  const rows = fits(line, room) ? [line] : breakLine(line, room, words);
  return rows.map((row, i) => `${i === 0 ? first : next}${row}\n`).join("");
}

function fits(line: string, room: number): boolean {
  return room === Infinity || (!line.includes("\t") && width(line) <= room);
}

/**
 * Lays out lines of others, such as a worker's log, behind a gutter. Most were
 * made safe where they came in; here it is looked at again.
 */
export function foreignLines(
  text: string,
  { colour, columns }: Pick<Output, "colour" | "columns">,
): string {
  if (text === "") return "";
  const gutter = styled(GUTTER, "dim", colour);
  const screen = columns();
  return text.replace(/\n$/, "").split("\n").map((line) => {
    const visible = makeVisible(line);
    return toRows(
      colour ? visible : stripColour(visible),
      { first: gutter, next: gutter },
      screen,
    );
  }).join("");
}

/** Lays out a line of Contractor's own, which is safe to print already. */
export function ownLine(line: string, columns: number | undefined): string {
  return toRows(line, { first: "", next: CONTINUED, words: true }, columns);
}

/** Makes words of others safe within a line: they begin no other. */
export function escapeLine(text: string): string {
  return escapeControls(text).replaceAll("\n", "\\u000a");
}

function breakLine(line: string, room: number, words: boolean): string[] {
  const rows: string[] = [];
  let row = "";
  let used = 0;
  let column = 0;

  function endRow(): void {
    const space = words ? row.lastIndexOf(" ") : -1;
    const cut = space > 0 && 2 * width(row.slice(0, space)) >= room
      ? space
      : row.length;
    const full = row.slice(0, cut);
    rows.push(full.includes("\x1b") ? full + SGR_RESET : full);
    row = row.slice(cut + 1);
    used = width(row);
  }

  function add(text: string, columns: number): void {
    if (used + columns > room && used > 0) endRow();
    row += text;
    used += columns;
    column += columns;
  }

  function addLetters(letters: string): void {
    let rest = letters;
    while (rest.length > room - used) {
      const fitting = rest.slice(0, room - used);
      add(fitting, fitting.length);
      rest = rest.slice(fitting.length);
      endRow();
    }
    if (rest !== "") add(rest, rest.length);
  }

  for (const { 0: piece, groups } of line.matchAll(unit)) {
    if (groups?.letters !== undefined) addLetters(piece);
    else if (piece.startsWith("\x1b")) row += piece;
    // A tab at a screen's edge goes nowhere, and is of no known width.
    else if (piece === "\t") addLetters(" ".repeat(TAB - column % TAB));
    else add(piece, width(piece));
  }
  return row === "" ? rows : [...rows, row];
}

/**
 * Columns that a text takes at most, colours aside. Terminals do not agree on
 * the width of emoji, marks and much else, but nothing takes more than two.
 */
function width(text: string): number {
  const plain = stripColour(text);
  const wide = plain.replaceAll(/[\0-\x7f]+/g, "");
  return plain.length - wide.length + 2 * Array.from(wide).length;
}
