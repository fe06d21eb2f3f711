/**
 * Looks at a tree that a part of the program made which read hostile bytes, and
 * believes nothing that this part says of it.
 *
 * @module
 */

import { EnvironmentError } from "../../shared/errors.ts";
import { fileSystemError } from "../file_system_error.ts";
import { isPlainPath } from "./link_policy.ts";
import type { UnpackLimits } from "./member_policy.ts";
import { WORKSPACE_STATE } from "./source_manifest.ts";
import { quoteUntrusted } from "../terminal_text.ts";
import type { EntryKind } from "./tree_listing.ts";

/** Something in the tree, by its path below the root. */
export interface InspectedEntry {
  path: string;
  kind: EntryKind;
}

/** Bits of a program that runs with its owner's or its group's rights. */
const SET_ID_BITS = 0o6000;

/**
 * Refuses a tree that is not what `unpackWorkspace` makes: files and
 * directories with plain names within the limits, no symlink, nothing of ours.
 * Nobody may change the tree meanwhile.
 *
 * @throws {EnvironmentError} `workspace-unsound`
 */
export function inspectTree(
  root: string,
  limits: UnpackLimits,
): InspectedEntry[] {
  const entries: InspectedEntry[] = [];
  let bytes = 0;

  function inspect(path: string, depth: number): void {
    const onDisk = `${root}/${path}`;
    const info = lstat(onDisk);
    if (!isPlainPath(path)) throw unsound(path, "its name is not plain");
    if (path === WORKSPACE_STATE) throw unsound(path, "its name is reserved");
    if (depth > limits.depth) throw unsound(path, "it is too deep");
    if (entries.length >= limits.entries) {
      throw unsound(path, "it is one too many");
    }
    entries.push({ path, kind: info.isDirectory ? "directory" : "file" });
    if (info.isDirectory) return inspectDirectory(path, depth);
    if (!info.isFile) throw unsound(path, "it is no file or directory");
    if (((info.mode ?? 0) & SET_ID_BITS) !== 0) {
      throw unsound(path, "it would run with another's rights");
    }
    bytes += info.size;
    if (bytes > limits.bytes) throw unsound(path, "its bytes are too many");
  }

  function inspectDirectory(path: string, depth: number): void {
    const prefix = path === "" ? "" : `${path}/`;
    for (const name of readNames(`${root}/${path}`)) {
      inspect(prefix + name, depth + 1);
    }
  }

  if (!lstat(root).isDirectory) throw unsound(root, "it is no directory");
  inspectDirectory("", 0);
  return entries;
}

function lstat(path: string): Deno.FileInfo {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    throw fileSystemError("read", path, error);
  }
}

function readNames(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch (error) {
    throw fileSystemError("read", path, error);
  }
}

/** The error for an unpacked tree that is not what it should be. */
export function unsound(path: string, reason: string): EnvironmentError {
  return new EnvironmentError(
    "workspace-unsound",
    `Cannot take ${
      quoteUntrusted(path)
    } of the unpacked workspace: ${reason}, which unpacking should have found`,
    { hint: "Somebody may have taken over a part of Contractor" },
  );
}
