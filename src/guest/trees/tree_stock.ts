/**
 * What is in a tree at one moment, to tell later what came to it since.
 *
 * @module
 */

import {
  ENTRIES_PER_TURN,
  joinPath,
  readNames,
  unreadable,
} from "./tree_listing.ts";

/** Entries of a tree, and what tells one state of each from the next. */
export type TreeStock = ReadonlyMap<string, string>;

/**
 * Takes stock of a tree.
 *
 * @throws {EnvironmentError} if a directory in it cannot be read
 */
export async function takeStock(root: string): Promise<TreeStock> {
  const stock = new Map<string, string>();
  for await (const { path, state } of walk(root)) stock.set(path, state);
  return stock;
}

/**
 * Finds what is new or changed in a tree since a stock was taken of it. A
 * directory is not changed by what is in it.
 *
 * @returns the first such path, `""` for the root; `undefined` if there is none
 */
export async function findSince(
  root: string,
  stock: TreeStock,
): Promise<string | undefined> {
  if (!Deno.lstatSync(root).isDirectory) return "";
  try {
    for await (const { path, state } of walk(root)) {
      if (stock.get(path) !== state) return path;
    }
    return undefined;
  } catch {
    // What cannot be looked at was not like that before.
    return "";
  }
}

async function* walk(
  root: string,
): AsyncGenerator<{ path: string; state: string }> {
  const directories = [""];
  let seen = 0;
  for (
    let directory = directories.pop();
    directory !== undefined;
    directory = directories.pop()
  ) {
    for (const name of readNames(root, directory)) {
      if (++seen % ENTRIES_PER_TURN === 0) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      const path = directory === "" ? name : `${directory}/${name}`;
      const info = stateAt(root, path);
      if (info.isDirectory) directories.push(path);
      yield { path, state: info.state };
    }
  }
}

/**
 * The time of the last change cannot be set by anyone, but Deno tells it in
 * whole seconds only; that of the content it tells in milliseconds.
 */
function stateAt(
  root: string,
  path: string,
): { isDirectory: boolean; state: string } {
  const absolute = joinPath(root, path);
  try {
    const { isDirectory, ino, size, mtime, ctime } = Deno.lstatSync(absolute);
    const state = isDirectory
      ? [ino]
      : [ino, size, mtime?.getTime(), ctime?.getTime()];
    return { isDirectory, state: state.join() };
  } catch (error) {
    throw unreadable(absolute, error);
  }
}
