/**
 * Temporary directories and trees for tests.
 *
 * @module
 */

import { createLinks } from "../create_links.ts";
import type { Link } from "../linker.ts";
import { unpackWorkspace } from "../unpack.ts";

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

/** Unpacks an archive file, with the links created in this thread. */
export function unpack(
  archive: string,
  destination: string,
  limits: Partial<typeof testLimits> = {},
) {
  return unpackWorkspace({
    archive,
    destination,
    limits: { ...testLimits, ...limits },
    link: (links: Link[]) =>
      Promise.resolve(createLinks({ root: destination, links })),
  });
}
