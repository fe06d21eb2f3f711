/**
 * Finds the files of a worker's workspace that programs run by themselves: pure
 * decisions on names and kinds.
 *
 * @module
 */

import {
  AUTORUN_FILES,
  type AutorunProgram,
  GIT_PARTS,
} from "./autorun_files.ts";
import { foldName, foldPath } from "./fold_name.ts";
import type { EntryKind } from "./tree_listing.ts";

/** What is left out of a workspace: a path, with everything below it. */
export interface AutorunMatch {
  path: string;
  program: AutorunProgram;
}

/** Put after a folded path; no name can have it. */
const marks: Record<EntryKind, string> = {
  file: "",
  directory: "/",
  symlink: "\0",
};

/** Decides what programs run by themselves, save those that the user keeps. */
export class AutorunFilter {
  readonly #rules: { program: AutorunProgram; pattern: RegExp }[];
  readonly #any: RegExp;
  readonly #keepsGit: boolean;

  /** @param keep programs whose files stay */
  constructor(keep: readonly AutorunProgram[]) {
    this.#rules = AUTORUN_FILES
      .filter(({ program }) => !keep.includes(program))
      .map(({ program, paths }) => ({
        program,
        pattern: new RegExp(paths.flatMap(toPatterns).join("|")),
      }));
    const sources = this.#rules.map(({ pattern }) => pattern.source);
    // An empty class: without rules nothing matches.
    this.#any = new RegExp(sources.join("|") || "[]");
    this.#keepsGit = keep.includes("git");
  }

  /** What is left out at a path or above it; undefined if the path stays. */
  match(path: string, kind: EntryKind): AutorunMatch | undefined {
    const folded = foldPath(path) + marks[kind];
    if (!this.#any.test(folded)) return undefined;
    for (const { program, pattern } of this.#rules) {
      const found = pattern.exec(folded);
      if (found === null) continue;
      const end = found.index + found[0].replace(/[/\0]$/, "").length;
      const depth = folded.slice(0, end).split("/").length;
      return { path: path.split("/").slice(0, depth).join("/"), program };
    }
    return undefined;
  }

  /**
   * Finds the parts of Git directories, whatever these are called: bare
   * repositories, those of submodules and of other work trees. Git takes a
   * directory for one if it has `HEAD`, and `objects` and `refs` or `commondir`;
   * here the first two are enough.
   *
   * @param paths those of the workspace that stay otherwise
   */
  matchGitParts(paths: Iterable<string>): AutorunMatch[] {
    if (this.#keepsGit) return [];
    const heads = new Set<string>();
    const bodies = new Set<string>();
    const parts: { path: string; directory: string }[] = [];
    for (const path of paths) {
      const slash = path.lastIndexOf("/") + 1;
      const name = foldName(path.slice(slash));
      const directory = () => foldPath(path.slice(0, slash));
      if (name === "head") heads.add(directory());
      if (name === "objects" || name === "commondir") bodies.add(directory());
      if ((GIT_PARTS as readonly string[]).includes(name)) {
        parts.push({ path, directory: directory() });
      }
    }
    return parts
      .filter(({ directory }) => heads.has(directory) && bodies.has(directory))
      .map(({ path }) => ({ path, program: "git" }));
  }
}

/** Patterns of marked paths for a path of the list. */
function toPatterns(path: string): string[] {
  const names = path.replace(/\/$/, "").split("/").map(escapeName);
  const whole = names.join("/");
  const patterns = [`${whole}${path.endsWith("/") ? "(?:[/\\0]|$)" : "\\0?$"}`];
  // A link that takes the place of a directory on the way leads there, too.
  for (let count = 1; count < names.length; count++) {
    patterns.push(`${names.slice(0, count).join("/")}\\0$`);
  }
  return patterns.map((pattern) => `(?:^|/)${pattern}`);
}

function escapeName(name: string): string {
  return name.replace(/[.+?^$()[\]{}|\\]/g, "\\$&").replaceAll("*", "[^/\\0]*");
}
