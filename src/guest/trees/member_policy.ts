/**
 * Which members of a worker's archive may become part of the workspace: pure
 * decisions on names and kinds.
 *
 * @module
 */

import { BuildFailedError, LimitExceededError } from "../../shared/errors.ts";
import type { LimitRecord } from "../../shared/rpc/verdict.ts";
import { isPlainPath } from "./link_policy.ts";
import type { TarMember } from "./tar_reader.ts";
import { quoteUntrusted } from "../terminal_text.ts";
import type { EntryKind } from "./tree_listing.ts";

/** Caps on what a worker may hand over. */
export interface UnpackLimits {
  /** Members, and directories that only a member's path names. */
  entries: number;
  /** Sum of the files' sizes. */
  bytes: number;
  /** Components of a path. */
  depth: number;
  /** Bytes of a path. */
  pathBytes: number;
  /** Bytes of all paths and links' targets together: they are kept in memory. */
  nameBytes: number;
}

/** Longest name of a file on Linux's file systems. */
const MAX_COMPONENT_BYTES = 255;

const encoder = new TextEncoder();

/**
 * The member's path below the workspace: without `./` before and `/` after it,
 * empty for the workspace itself. Throws if the name is refused.
 */
export function memberPath(member: TarMember, limits: UnpackLimits): string {
  const { name } = member;
  if (name === undefined) {
    throw refused("a file", "its name is not valid UTF-8");
  }
  const quoted = quoteUntrusted(name);
  if (name.startsWith("/")) throw refused(quoted, "its path is absolute");
  let path = name.replace(/^(\.\/)+/, "");
  if (member.kind === "directory") path = path.replace(/\/$/, "");
  if (member.kind === "directory" && (path === "" || path === ".")) return "";
  if (path.split("/").includes("..")) {
    throw refused(quoted, 'its path contains ".."');
  }
  const bytes = encoder.encode(path).length;
  if (bytes > limits.pathBytes) {
    throw tooLarge(`a path is longer than ${limits.pathBytes} bytes`, {
      limit: "workspace.path",
      allowed: limits.pathBytes,
      measured: bytes,
    });
  }
  const depth = path.split("/").length;
  if (depth > limits.depth) {
    throw tooLarge(`a path has more than ${limits.depth} components`, {
      limit: "workspace.depth",
      allowed: limits.depth,
      measured: depth,
    });
  }
  if (!isPlainPath(path)) {
    throw refused(quoted, "its path is empty, not normalized or unprintable");
  }
  for (const component of path.split("/")) {
    if (encoder.encode(component).length > MAX_COMPONENT_BYTES) {
      throw refused(quoted, "a name in its path is too long");
    }
  }
  return path;
}

/** Throws unless the member is a file, a directory or a symlink. */
export function requireAllowedKind(
  member: TarMember,
): asserts member is TarMember & { kind: EntryKind } {
  const { kind } = member;
  if (kind === "file" || kind === "directory" || kind === "symlink") return;
  const quoted = quoteUntrusted(member.name ?? "?");
  throw refused(
    quoted,
    kind === "other" ? "it is of an unknown kind" : `it is a ${kind}`,
  );
}

/** Something in the archive that we do not take: the build is at fault. */
export function refused(what: string, reason: string): BuildFailedError {
  return new BuildFailedError(
    "workspace-refused",
    `Cannot take ${what} out of the worker's workspace: ${reason}`,
    { hint: "Let the build leave only files, directories and symlinks" },
  );
}

/** A cap was reached. */
export function tooLarge(
  detail: string,
  record: LimitRecord,
): LimitExceededError {
  return new LimitExceededError(
    "workspace-too-large",
    `Cannot take the workspace out of the worker: ${detail}`,
    { hint: "Let the build remove what it does not need to keep", record },
  );
}
