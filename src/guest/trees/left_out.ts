/**
 * What of a worker's workspace did not come back because programs run it by
 * themselves.
 *
 * @module
 */

import type { AutorunProgram } from "./autorun_files.ts";
import type { AutorunMatch } from "./autorun_filter.ts";
import { sanitizeText } from "../terminal_text.ts";

/** Entries that are named; the count goes on. */
export const MAX_NAMED = 100;

const MAX_PATH_CHARS = 200;

/** What was left out, for reports. */
export interface LeftOutEntries {
  /** Files, links and directories; what is below one does not count. */
  count: number;
  /** The programs that would have run them. */
  programs: AutorunProgram[];
  /** The first of them, made safe to print. */
  first: AutorunMatch[];
}

/** Collects it. */
export class LeftOut {
  readonly #paths = new Map<string, AutorunProgram>();

  add({ path, program }: AutorunMatch): void {
    this.#paths.set(path, program);
  }

  /** Whether a path, or a directory above it, was left out. */
  holds(path: string): boolean {
    if (this.#paths.size === 0) return false;
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      if (this.#paths.has(path.slice(0, end))) return true;
    }
    return false;
  }

  get entries(): LeftOutEntries {
    return {
      count: this.#paths.size,
      programs: [...new Set(this.#paths.values())].sort(),
      first: [...this.#paths].slice(0, MAX_NAMED).map(([path, program]) => ({
        path: sanitizeText(path, MAX_PATH_CHARS),
        program,
      })),
    };
  }
}
