/**
 * Writes directory trees as one tar archive into a file that becomes a raw disk.
 *
 * @module
 */

import { EnvironmentError } from "../../shared/errors.ts";
import { FileWriter } from "./file_writer.ts";
import { BLOCK, encodeHeaders, padding } from "./tar_format.ts";
import { quoteUntrusted } from "../terminal_text.ts";
import {
  isSameFile,
  joinPath,
  listTree,
  readEntry,
  replaced,
  type TreeEntry,
  type TreeFilter,
  unreadable,
} from "./tree_listing.ts";

/** An archive is a whole number of these, and at least one. */
export const DISK_GRANULE = 1024 ** 2;

/** A tree that was listed, and where it goes in the archive. */
export interface ListedTree {
  /** The directory that was listed. */
  root: string;
  /** Put before every path: empty, or a directory with a slash at its end. */
  prefix: string;
  entries: readonly TreeEntry[];
}

/** What to pack, and where. */
export interface PackOptions {
  /** A later tree's entries replace those of earlier ones. */
  trees: readonly ListedTree[];
  /** The archive; replaced if it exists. */
  output: string;
  /** Bytes that the file is to have after the archive, all zero. */
  room?: number;
  signal?: AbortSignal;
}

/**
 * Packs trees in the order of their listings. Symlinks are packed as symlinks,
 * hard links as files of their own; permissions and times (milliseconds) are
 * kept. A file that grows meanwhile is packed at the size that it had when it
 * was listed.
 *
 * @returns size of the archive, padding included
 */
export async function packTrees(options: PackOptions): Promise<number> {
  const { trees, signal } = options;
  signal?.throwIfAborted();
  const writer = await FileWriter.create(options.output);
  try {
    for (const { root, prefix, entries } of trees) {
      if (prefix !== "") {
        const path = prefix.replace(/\/$/, "");
        await writer.write(encodeHeaders({ ...readEntry(root, "")!, path }));
      }
      for (const entry of entries) {
        await packEntry(writer, root, prefix, entry);
        if (writer.takeFlushed()) signal?.throwIfAborted();
      }
    }
    return await finishArchive(writer, options.room ?? 0);
  } finally {
    await writer.close();
  }
}

async function packEntry(
  writer: FileWriter,
  root: string,
  prefix: string,
  entry: TreeEntry,
): Promise<void> {
  await writer.write(encodeHeaders({ ...entry, path: prefix + entry.path }));
  if (entry.kind !== "file" || entry.size === 0) return;
  await copyFile(writer, joinPath(root, entry.path), entry);
  await writer.write(new Uint8Array(padding(entry.size)));
}

/** Copies all bytes of a listed file, straight into the writer's buffer. */
async function copyFile(
  writer: FileWriter,
  path: string,
  { size, identity }: TreeEntry,
) {
  const file = openForReading(path);
  try {
    // Opening follows links, also such as were put in the way since.
    if (!isSameFile(file.statSync(), identity)) throw replaced(path);
    let left = size;
    while (left > 0) {
      const space = await writer.space(left);
      const count = readSome(file, space, path);
      if (count === 0) throw shrunk(path);
      writer.advance(count);
      left -= count;
    }
  } finally {
    file.close();
  }
}

/**
 * Makes sure that all of a tree can be packed.
 *
 * @throws {EnvironmentError} naming what cannot be read
 * @throws {UsageError} `tree-too-large`
 */
export async function requirePackableTree(
  root: string,
  filter: TreeFilter,
): Promise<void> {
  const { entries } = await listTree(root, filter);
  for (const { kind, path } of entries) {
    if (kind === "file") openForReading(joinPath(root, path)).close();
  }
}

function openForReading(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readSome(file: Deno.FsFile, space: Uint8Array, path: string): number {
  try {
    return file.readSync(space) ?? 0;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function shrunk(path: string): EnvironmentError {
  return new EnvironmentError(
    "file-changed",
    `Cannot pack ${quoteUntrusted(path)}: it became shorter while it was read`,
    { hint: "Build again when nothing else writes to this directory" },
  );
}

/** Writes the end-of-archive mark and pads; gives the archive's size. */
async function finishArchive(
  writer: FileWriter,
  room: number,
): Promise<number> {
  await writer.write(new Uint8Array(2 * BLOCK));
  await writer.flush();
  const bytes = Math.ceil(writer.bytes / DISK_GRANULE) * DISK_GRANULE;
  await writer.truncate(bytes + room);
  return bytes;
}
