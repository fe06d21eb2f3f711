import type { LeftOutEntries } from "./left_out.ts";
import type { SymbolicLink } from "./link_policy.ts";
import type { SkippedEntry } from "./tree_listing.ts";

/** Notes kept of what was left out; the count goes on. */
export const MAX_SKIPPED_NOTES = 100;

/** Latest time that we set, in seconds: the year 2446, where ext4 ends. */
export const MAX_MTIME = 15_032_385_535;

/** What was unpacked, and what is still to be done to it. */
export interface UnpackedTree {
  entries: number;
  /** Sum of the files' sizes. */
  bytes: number;
  /** What was left out: the first ones, with their reasons. */
  skipped: SkippedEntry[];
  skippedCount: number;
  /** What was left out because programs run it by themselves. */
  leftOut: LeftOutEntries;
  /** Symlinks that may be created; none is there yet. */
  links: SymbolicLink[];
  /** Of directories, in seconds: to be set when nothing more is created. */
  directoryTimes: { path: string; mtime: number }[];
}
