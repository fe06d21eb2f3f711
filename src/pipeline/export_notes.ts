/**
 * What the user is told of a workspace that came back without some of what the
 * worker had in it. The report has it all.
 *
 * @module
 */

import type { ExportedTree } from "../guest/keeper.ts";
import { quoteUntrusted } from "../guest/terminal_text.ts";

/** More would drown what matters. */
const MAX_TOLD = 3;

/** Notes for the terminal; empty if everything came back. */
export function exportNotes(
  { notes, leftOut }: Pick<ExportedTree, "notes" | "leftOut">,
): string[] {
  const told = notes.slice(0, MAX_TOLD);
  if (notes.length > told.length) {
    told.push("Left out more: `workspace.notes` in the report names it");
  }
  if (leftOut.count > 0) told.push(leftOutNote(leftOut));
  return told;
}

function leftOutNote({ count, first }: ExportedTree["leftOut"]): string {
  const named = first.slice(0, MAX_TOLD)
    .map(({ path, program }) => `${quoteUntrusted(path)} (${program})`);
  const more = count - named.length;
  return "Left out what programs run by themselves, unless `workspace.keep` " +
    `in your configuration says otherwise: ${named.join(", ")}` +
    (more > 0 ? ` and ${more} more` : "");
}
