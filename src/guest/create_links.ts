/**
 * Creates validated symlinks below one directory. Everything is checked again
 * here, since the process part that runs this may write anywhere.
 *
 * @module
 */

import { EnvironmentError } from "../errors.ts";
import { fileSystemError } from "./file_system_error.ts";
import {
  createLinksSchema,
  isPlainPath,
  type Link,
  refuseLink,
} from "./linker.ts";
import { quoteUntrusted } from "./terminal_text.ts";

/**
 * Creates symlinks. The root and every directory on the way to a link must be
 * there and be real directories; nothing may be at the link's own path.
 *
 * @param request as for `createLinksSchema`; not trusted
 */
export function createLinks(request: unknown): void {
  const { root, links } = createLinksSchema.parse(request);
  if (!root.startsWith("/") || !isPlainPath(root.slice(1))) {
    throw refused(root, "the root is not a plain absolute path");
  }
  const directories = new Set<string>();
  for (const link of links) {
    const reason = refuseLink(link);
    if (reason !== undefined) throw refused(link.path, reason);
    requireDirectories(root, link.path, directories);
    createLink(root, link);
  }
}

function requireDirectories(root: string, path: string, known: Set<string>) {
  const parents = ["", ...path.split("/").slice(0, -1)];
  let directory = root;
  for (const name of parents) {
    if (name !== "") directory += `/${name}`;
    if (known.has(directory)) continue;
    if (!isDirectory(directory)) {
      throw refused(directory, "it is not a directory");
    }
    known.add(directory);
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch (error) {
    throw fileSystemError("read", path, error);
  }
}

function createLink(root: string, link: Link): void {
  const path = `${root}/${link.path}`;
  try {
    // Fails if anything is at the path, and does not follow a symlink there.
    Deno.symlinkSync(link.target, path);
  } catch (error) {
    throw fileSystemError("create symlink", path, error);
  }
}

function refused(path: string, reason: string): EnvironmentError {
  return new EnvironmentError(
    "link-refused",
    `Cannot create symlink ${quoteUntrusted(path)}: ${reason}`,
  );
}
