/**
 * Lists a directory tree in a fixed order, without following symlinks.
 *
 * @module
 */

import { EnvironmentError, UsageError } from "../../shared/errors.ts";
import { formatSize } from "../../spec/units.ts";
import { quoteUntrusted } from "../terminal_text.ts";

/** What an entry of a tree can be; anything else is left out, with a note. */
export type EntryKind = "file" | "directory" | "symlink";

/** An entry of a listed tree. */
export interface TreeEntry {
  /** Relative to the root, with `/` between components. */
  path: string;
  kind: EntryKind;
  mode: number;
  size: number;
  /** Milliseconds since 1970: all that Deno tells. */
  mtime: number;
  /** Of a symlink. */
  target?: string;
  /** Which file of which device it is, whatever its path leads to later. */
  identity: FileIdentity;
}

/** Tells a file from one that took its place. */
export interface FileIdentity {
  dev: number;
  ino: number | null;
}

/** An entry that was left out, and why. */
export interface SkippedEntry {
  path: string;
  reason: string;
}

/** Which entries of a tree to list. */
export interface TreeFilter {
  /** Entries to leave out; a directory with everything below it. */
  exclude: (path: string, kind: EntryKind) => boolean;
  /** Directories to leave out if nothing below them is listed. */
  pruneIfEmpty?: (path: string) => boolean;
  /** What the tree may have; without them, whatever there is. */
  limits?: TreeLimits;
}

/** Bounds of a listed tree. */
export interface TreeLimits {
  /** What it is, such as "source". */
  name: string;
  /** Sum of the files' sizes, holes included. */
  bytes: number;
  entries: number;
}

const LEAVE_OUT = "Move away what the build does not need";

/** Entries between two chances for other tasks to run. */
export const ENTRIES_PER_TURN = 1024;

/**
 * Lists the tree below `root`, parents first, siblings by code unit. A link
 * that takes a directory's place meanwhile is found out.
 */
export async function listTree(
  root: string,
  filter: TreeFilter,
  signal?: AbortSignal,
): Promise<{ entries: TreeEntry[]; skipped: SkippedEntry[] }> {
  const entries: TreeEntry[] = [];
  const skipped: SkippedEntry[] = [];
  let seen = 0;
  let bytes = 0;
  let largest: TreeEntry | undefined;

  function requireWithin({ name, ...most }: TreeLimits): void {
    if (entries.length > most.entries) {
      throw new UsageError(
        "tree-too-large",
        `Cannot pack the ${name}: it has more than ${most.entries} files and folders`,
        { hint: LEAVE_OUT },
      );
    }
    if (bytes <= most.bytes) return;
    const { path, size } = largest!;
    throw new UsageError(
      "tree-too-large",
      `Cannot pack the ${name}: its files have more than ${
        formatSize(most.bytes)
      }, which is what the spec's \`resources.disk\` leaves for it; ${
        quoteUntrusted(path)
      } has ${formatSize(size)}`,
      { hint: `${LEAVE_OUT}, or raise \`resources.disk\`` },
    );
  }

  async function listDirectory(directory: string): Promise<void> {
    for (const name of readNames(root, directory)) {
      if (++seen % ENTRIES_PER_TURN === 0) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        signal?.throwIfAborted();
      }
      const path = directory === "" ? name : `${directory}/${name}`;
      const entry = readEntry(root, path);
      if (entry === undefined) {
        const reason = "it is a socket, a FIFO or a device";
        if (!filter.exclude(path, "file")) skipped.push({ path, reason });
        continue;
      }
      if (filter.exclude(path, entry.kind)) continue;
      const position = entries.push(entry);
      bytes += entry.size;
      if (entry.size > (largest?.size ?? 0)) largest = entry;
      if (filter.limits !== undefined) requireWithin(filter.limits);
      if (entry.kind !== "directory") continue;
      await listDirectory(path);
      requireUnchanged(joinPath(root, path), entry.identity);
      const empty = entries.length === position;
      if (empty && filter.pruneIfEmpty?.(path)) entries.pop();
    }
  }

  await listDirectory("");
  return { entries, skipped };
}

/** The names in a directory of a tree, by code unit. */
export function readNames(root: string, directory: string): string[] {
  const path = joinPath(root, directory);
  try {
    return Array.from(Deno.readDirSync(path), (entry) => entry.name).sort();
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Reads what is at a path; undefined if it is nothing that we pack. */
export function readEntry(root: string, path: string): TreeEntry | undefined {
  const absolute = joinPath(root, path);
  try {
    const info = Deno.lstatSync(absolute);
    const base = {
      path,
      mode: (info.mode ?? 0o644) & 0o777,
      size: info.isFile ? info.size : 0,
      mtime: info.mtime?.getTime() ?? 0,
      identity: { dev: info.dev, ino: info.ino },
    };
    if (info.isFile) return { ...base, kind: "file" };
    if (info.isDirectory) return { ...base, kind: "directory" };
    if (!info.isSymlink) return undefined;
    return { ...base, kind: "symlink", target: Deno.readLinkSync(absolute) };
  } catch (error) {
    throw unreadable(absolute, error);
  }
}

/** Fails if something else has taken the place of a listed directory. */
function requireUnchanged(path: string, identity: FileIdentity): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (!info.isDirectory || !isSameFile(info, identity)) throw replaced(path);
}

/** Whether it is the file that was listed. */
export function isSameFile(left: FileIdentity, right: FileIdentity): boolean {
  return left.dev === right.dev && left.ino === right.ino;
}

/** The error for an entry whose place another file has taken. */
export function replaced(path: string): EnvironmentError {
  return new EnvironmentError(
    "file-changed",
    `Cannot pack ${quoteUntrusted(path)}: it was replaced while it was read`,
    { hint: "Build again when nothing else writes to this directory" },
  );
}

/** The path of an entry on disk. */
export function joinPath(root: string, path: string): string {
  return path === "" ? root : `${root}/${path}`;
}

/** The error for an entry that cannot be read. */
export function unreadable(path: string, cause: unknown): EnvironmentError {
  const quoted = quoteUntrusted(path);
  if (cause instanceof Deno.errors.NotFound && path.includes("\ufffd")) {
    return new EnvironmentError(
      "name-not-utf8",
      `Cannot read ${quoted}: its name is not valid UTF-8`,
      { hint: "Rename it", cause },
    );
  }
  const denied = cause instanceof Deno.errors.PermissionDenied;
  const detail = denied
    ? "permission denied"
    : cause instanceof Deno.errors.NotFound
    ? "it disappeared while the directory was read"
    : cause instanceof Error
    ? cause.message
    : String(cause);
  return new EnvironmentError(
    "tree-unreadable",
    `Cannot read ${quoted}: ${detail}`,
    denied ? { hint: "Make it readable or remove it", cause } : { cause },
  );
}
