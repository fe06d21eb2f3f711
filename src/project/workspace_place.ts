/**
 * Folders that no workspace may be in: what a build writes there would be run,
 * or read as configuration, by the user's programs.
 *
 * @module
 */

import { relative } from "node:path";
import { foldName } from "../guest/trees/fold_name.ts";

/**
 * Names of folders that programs run things from, in lower case, besides all
 * that begin with a dot (`.git`, `.vscode`, `.config`, `node_modules/.bin`):
 *
 * - programs: PATH of Debian's `/etc/skel/.profile`, file-hierarchy(7);
 * - hooks: githooks(5), and the usual names for `core.hooksPath`;
 * - modules that are loaded by name: Node.js, Python.
 */
const RUN_FROM: ReadonlySet<string> = new Set([
  "bin",
  "sbin",
  "hooks",
  "githooks",
  "git-hooks",
  "node_modules",
  "__pycache__",
  "site-packages",
  "dist-packages",
]);

/**
 * The first folder on the way to a workspace that other programs run things
 * from.
 *
 * @param workspace real path
 * @param from folder to begin below, above the workspace
 */
export function findRunFolder(
  workspace: string,
  from: string,
): string | undefined {
  return relative(from, workspace).split("/").filter((name) => name !== "")
    .find(isRunFolder);
}

function isRunFolder(name: string): boolean {
  const plain = foldName(name);
  // Nothing is left of what is dots alone to some file systems.
  return plain === "" || name.startsWith(".") || plain.startsWith(".") ||
    // A bare repository, which has hooks and configuration; and the short
    // names of FAT and NTFS, such as `GIT~1`, which hide any name.
    plain.endsWith(".git") || /~[0-9]+$/.test(plain) || RUN_FROM.has(plain);
}
