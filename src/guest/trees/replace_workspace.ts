/**
 * Replaces a workspace by a new tree so that, wherever it is stopped, the
 * earlier workspace or the new one is still there as a whole.
 *
 * For a workspace `ws` these siblings come and go: `.ws.contractor-<build>.raw`
 * is the tree that a build unpacks, which the part that unpacks it may write;
 * `.new` is that tree once it was taken from that part; `.old` is the earlier
 * workspace until it was looked at, `.gone` is an earlier workspace on its way
 * out, which may be half removed and is never put back. One to which something
 * came during the build is not removed: it stays as `ws.kept-<build>`.
 *
 * Only one build may do this for a workspace at a time: the caller holds a lock.
 *
 * @module
 */

import { EnvironmentError } from "../../shared/errors.ts";
import { fileSystemError } from "../file_system_error.ts";
import { quoteUntrusted } from "../terminal_text.ts";
import { findSince, type TreeStock } from "./tree_stock.ts";

type Suffix = "raw" | "new" | "old" | "gone";

/** Where a build unpacks the new tree of a workspace. */
export function unpackedPath(workspace: string, build: string): string {
  return sibling(workspace, build, "raw");
}

/** What became of an earlier workspace. */
export interface Replacement {
  /** Says where it was kept, and why. */
  readonly kept?: string;
  /** Says that it could not be removed completely. */
  readonly left?: string;
}

/**
 * Takes the unpacked tree from whoever may write at `unpackedPath`: to end a
 * thread takes seconds, to move the tree to where it may do nothing does not.
 *
 * @returns where the tree is now
 */
export async function claimUnpackedTree(
  workspace: string,
  build: string,
): Promise<string> {
  const fresh = sibling(workspace, build, "new");
  await rename(unpackedPath(workspace, build), fresh);
  return fresh;
}

/** Removes what `claimUnpackedTree` took. */
export async function removeNewTree(
  workspace: string,
  build: string,
): Promise<void> {
  await removeTree(sibling(workspace, build, "new"));
}

/**
 * Puts the tree that was claimed in the workspace's place.
 *
 * @param stock what was in the workspace when the build began
 */
export async function replaceWorkspace(
  workspace: string,
  build: string,
  stock: TreeStock,
): Promise<Replacement> {
  const fresh = sibling(workspace, build, "new");
  if (!await isThere(workspace)) {
    await rename(fresh, workspace);
    return {};
  }
  const old = sibling(workspace, build, "old");
  await rename(workspace, old);
  try {
    await rename(fresh, workspace);
  } catch (error) {
    await rename(old, workspace);
    throw error;
  }
  // Out of its name, nothing more comes to it while it is looked at.
  const foreign = await findSince(old, stock);
  if (foreign !== undefined) {
    return { kept: keptNote(foreign, await keep(old, workspace, build)) };
  }
  const gone = sibling(workspace, build, "gone");
  await rename(old, gone);
  const left = await removeTree(gone);
  return left === undefined ? {} : { left };
}

/** Gives an earlier workspace a name under which it stays. */
async function keep(
  old: string,
  workspace: string,
  build: string,
): Promise<string> {
  const kept = keptPath(workspace, build);
  await rename(old, kept);
  return kept;
}

function keptPath(workspace: string, build: string): string {
  return `${workspace}.kept-${build}`;
}

function keptNote(foreign: string, kept: string): string {
  const what = foreign === "" ? "it" : quoteUntrusted(foreign);
  return `Something else wrote to the workspace during the build (${what}): the earlier workspace is kept as ${
    quoteUntrusted(kept)
  }`;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileSystemError("read", path, error);
  }
}

/**
 * Cleans up after builds that were stopped: puts the earlier workspace back if
 * it lost its name, and removes what is stale. An earlier workspace whose name
 * the new one has got may have been stopped before it was looked at: it is kept.
 * Runs before a build looks at the workspace.
 *
 * @returns notes on what was kept, or could not be removed
 */
export async function recoverWorkspace(workspace: string): Promise<string[]> {
  let present = await isWorkspace(workspace);
  const notes: string[] = [];
  for (const { path, build, suffix } of await findLeftovers(workspace)) {
    if (suffix !== "old") {
      const note = await removeTree(path);
      if (note !== undefined) notes.push(note);
    } else if (present) {
      const kept = quoteUntrusted(await keep(path, workspace, build));
      notes.push(
        `A build was stopped while it replaced the workspace: the earlier one is kept as ${kept}`,
      );
    } else {
      await rename(path, workspace);
      present = true;
    }
  }
  return notes;
}

/** A sibling that a build left. */
interface Leftover {
  path: string;
  build: string;
  suffix: Suffix;
}

/** Siblings that builds left, the newest first. */
async function findLeftovers(workspace: string): Promise<Leftover[]> {
  const { parent, name } = split(workspace);
  const prefix = `.${name}.contractor-`;
  const found: (Leftover & { changed: number })[] = [];
  try {
    for await (const entry of Deno.readDir(parent === "" ? "/" : parent)) {
      if (!entry.isDirectory || !entry.name.startsWith(prefix)) continue;
      const [, build, suffix] = /^([a-z0-9-]+)\.(raw|new|old|gone)$/
        .exec(entry.name.slice(prefix.length)) ?? [];
      if (build === undefined) continue;
      const path = `${parent}/${entry.name}`;
      const changed = (await Deno.lstat(path)).ctime?.getTime() ?? 0;
      found.push({ path, build, suffix: suffix as Suffix, changed });
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw fileSystemError("read", parent, error);
  }
  return found.sort((a, b) => b.changed - a.changed);
}

/** Whether the workspace is there; throws if it is no plain directory. */
async function isWorkspace(workspace: string): Promise<boolean> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(workspace);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileSystemError("read", workspace, error);
  }
  if (info.isDirectory) return true;
  throw new EnvironmentError(
    "workspace-not-a-directory",
    `Cannot use "${workspace}" as the workspace: it is not a directory`,
    { hint: "Move it away, or name another workspace" },
  );
}

function sibling(workspace: string, build: string, suffix: Suffix): string {
  const { parent, name } = split(workspace);
  return `${parent}/.${name}.contractor-${build}.${suffix}`;
}

function split(workspace: string): { parent: string; name: string } {
  const slash = workspace.lastIndexOf("/");
  return {
    parent: workspace.slice(0, slash),
    name: workspace.slice(slash + 1),
  };
}

async function rename(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    throw fileSystemError("rename", from, error);
  }
}

async function removeTree(path: string): Promise<string | undefined> {
  try {
    await Deno.remove(path, { recursive: true });
    return undefined;
  } catch (error) {
    return fileSystemError("remove", path, error).message;
  }
}
