/**
 * Temporary directories and trees for tests.
 *
 * @module
 */

import type { AutorunProgram } from "../trees/autorun_files.ts";
import { createLinks } from "../trees/create_links.ts";
import { RealDirectories } from "../trees/real_directories.ts";
import { unpackWorkspace } from "../trees/unpack.ts";
import type { UnpackedTree } from "../trees/unpacked_tree.ts";

/** Runs a test in a directory of its own. */
export async function inTemporaryDirectory(
  test: (directory: string) => Promise<void> | void,
): Promise<void> {
  const directory = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "contractor-test-" }),
  );
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A tree in one object: paths to a file's content, `/`, or `-> target`. */
export type Tree = Record<string, string>;

/** Makes a tree; parents are made as needed. */
export function makeTree(root: string, tree: Tree): void {
  Deno.mkdirSync(root, { recursive: true });
  for (const [path, content] of Object.entries(tree)) {
    const onDisk = `${root}/${path}`;
    Deno.mkdirSync(onDisk.slice(0, onDisk.lastIndexOf("/")), {
      recursive: true,
    });
    if (content === "/") Deno.mkdirSync(onDisk, { recursive: true });
    else if (content.startsWith("-> ")) {
      Deno.symlinkSync(content.slice(3), onDisk);
    } else Deno.writeTextFileSync(onDisk, content);
  }
}

/** Reads a tree; directories that hold something are not listed. */
export function readTree(root: string): Tree {
  const tree: Tree = {};
  function visit(directory: string): void {
    const entries = [...Deno.readDirSync(`${root}/${directory}`)];
    if (entries.length === 0 && directory !== "") {
      tree[directory.slice(0, -1)] = "/";
    }
    for (const entry of entries) {
      const path = directory + entry.name;
      if (entry.isDirectory) visit(`${path}/`);
      else if (entry.isSymlink) {
        tree[path] = `-> ${Deno.readLinkSync(`${root}/${path}`)}`;
      } else tree[path] = Deno.readTextFileSync(`${root}/${path}`);
    }
  }
  visit("");
  return tree;
}

export const testLimits = {
  entries: 1000,
  bytes: 64 * 1024 ** 2,
  depth: 20,
  pathBytes: 1000,
  nameBytes: 10_000,
};

/** Unpacks an archive file, and creates its links. */
export async function unpack(
  archive: string,
  destination: string,
  limits: Partial<typeof testLimits> = {},
  keep: readonly AutorunProgram[] = [],
): Promise<UnpackedTree> {
  const unpacked = await unpackWorkspace({
    disk: archive,
    offset: 0,
    destination,
    limits: { ...testLimits, ...limits },
    keep,
  });
  createLinks(new RealDirectories(destination), unpacked.links);
  return unpacked;
}
