/**
 * Writes a directory tree as a tar archive into a file that becomes a raw disk.
 *
 * @module
 */

import { EnvironmentError } from "../errors.ts";
import { FileWriter } from "./file_writer.ts";
import { BLOCK, encodeHeaders, padding } from "./tar_format.ts";
import { quoteUntrusted } from "./terminal_text.ts";
import {
  type EntryKind,
  joinPath,
  listTree,
  readEntry,
  type SkippedEntry,
  type TreeEntry,
  type TreeLimits,
  unreadable,
} from "./tree_listing.ts";

/** A disk is a whole number of these, and at least one. */
const DISK_GRANULE = 1024 ** 2;

/** What to pack, and where. */
export interface PackOptions {
  /** The directory whose content is packed. */
  root: string;
  /** Put before every path: empty, or a directory with a slash at its end. */
  prefix: string;
  /** The archive; replaced if it exists. */
  output: string;
  /** Entries to leave out; a directory with everything below it. */
  exclude: (path: string, kind: EntryKind) => boolean;
  /** Directories to leave out if nothing below them is packed. */
  pruneIfEmpty?: (path: string) => boolean;
  /** What the tree may have. */
  limits?: TreeLimits;
  signal?: AbortSignal;
  /** Told the bytes written so far, and how many there will be about. */
  onProgress?: (bytes: number, total: number) => void;
}

/** What was packed. */
export interface PackResult {
  entries: number;
  /** Size of the disk, padding included. */
  bytes: number;
  /** Sum of the files' sizes. */
  fileBytes: number;
  /** Everything that was packed, relative to the root, in order. */
  paths: PackedPath[];
  /** Sockets, FIFOs and devices. */
  skipped: SkippedEntry[];
}

/** A packed entry's path and kind. */
export type PackedPath = Pick<TreeEntry, "path" | "kind">;

/**
 * Packs a tree in a fixed order. Symlinks are packed as symlinks, hard links as
 * files of their own; permissions and times (milliseconds) are kept. A file
 * that grows meanwhile is packed at the size that it had when it was listed.
 */
export async function packTree(options: PackOptions): Promise<PackResult> {
  const { root, prefix, signal, onProgress } = options;
  signal?.throwIfAborted();
  const { entries, skipped } = await listTree(root, options, signal);
  const total = entries.reduce((sum, e) => sum + e.size + BLOCK, 0);
  const writer = await FileWriter.create(options.output);
  try {
    if (prefix !== "") {
      const top = { ...readEntry(root, "")!, path: prefix.replace(/\/$/, "") };
      await writer.write(encodeHeaders(top));
    }
    for (const entry of entries) {
      await packEntry(writer, root, prefix, entry);
      if (writer.takeFlushed()) {
        signal?.throwIfAborted();
        onProgress?.(writer.bytes, total);
      }
    }
    const bytes = await finishDisk(writer);
    onProgress?.(bytes, bytes);
    const paths = entries.map(({ path, kind }) => ({ path, kind }));
    const fileBytes = entries.reduce((sum, { size }) => sum + size, 0);
    return { entries: entries.length, bytes, fileBytes, paths, skipped };
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
  await copyFile(writer, joinPath(root, entry.path), entry.size);
  await writer.write(new Uint8Array(padding(entry.size)));
}

/** Copies exactly `size` bytes, straight into the writer's buffer. */
async function copyFile(writer: FileWriter, path: string, size: number) {
  const file = openForReading(path);
  try {
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

/** Writes the end-of-archive mark and pads to a whole disk. */
async function finishDisk(writer: FileWriter): Promise<number> {
  await writer.write(new Uint8Array(2 * BLOCK));
  await writer.flush();
  const bytes = Math.ceil(writer.bytes / DISK_GRANULE) * DISK_GRANULE;
  await writer.truncate(bytes);
  return bytes;
}
