import { quoteUntrusted } from "../terminal_text.ts";
import type { SkippedEntry } from "./tree_listing.ts";

/** Tells the user what was left out; `count` may be more than is listed. */
export function skippedNotes(
  skipped: readonly SkippedEntry[],
  count = skipped.length,
): string[] {
  const notes = skipped.map(({ path, reason }) =>
    `Left out ${quoteUntrusted(path)}: ${reason}`
  );
  const more = count - skipped.length;
  if (more > 0) notes.push(`Left out ${more} more entries`);
  return notes;
}
