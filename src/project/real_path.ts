/**
 * Where a path really leads: every component is resolved, also those after a
 * link, and what is not there yet may stand at its end.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { UsageError } from "../shared/errors.ts";
import { systemErrorCode } from "../host/state/file_errors.ts";
import { quotePath } from "../shared/quote.ts";

/** As many as the kernel follows, by path_resolution(7). */
const MAX_LINKS = 40;

/**
 * Resolves a path as the kernel does, links and `..` in their order. What is
 * not there is taken as it is written.
 *
 * @param path absolute; need not be normalized
 * @throws {UsageError} `path-unreadable` if it cannot be followed
 */
export async function resolveRealPath(path: string): Promise<string> {
  const waiting = path.split("/").reverse();
  let real = "/";
  let links = 0;
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      real = dirname(real);
      continue;
    }
    const next = join(real, name);
    const target = await linkTarget(next, path);
    if (target === undefined) {
      real = next;
      continue;
    }
    if (++links > MAX_LINKS) throw unreadable(path, "too many symbolic links");
    if (target.startsWith("/")) real = "/";
    waiting.push(...target.split("/").reverse());
  }
  return real;
}

/** What a link says; `undefined` if there is none at the path. */
async function linkTarget(
  path: string,
  whole: string,
): Promise<string | undefined> {
  try {
    const { isSymlink } = await Deno.lstat(path);
    return isSymlink ? await Deno.readLink(path) : undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw unreadable(whole, reason, error);
  }
}

function unreadable(path: string, reason: string, cause?: unknown): UsageError {
  return new UsageError(
    "path-unreadable",
    `Cannot find out where ${quotePath(path)} leads: ${reason}`,
    { cause },
  );
}
