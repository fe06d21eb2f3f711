/**
 * Creates validated symlinks below one directory. Everything is checked again
 * here, since the process part that runs this may write anywhere.
 *
 * @module
 */

import { EnvironmentError } from "../../shared/errors.ts";
import { fileSystemError } from "../file_system_error.ts";
import { refuseLink, type SymbolicLink } from "./link_policy.ts";
import type { RealDirectories } from "./real_directories.ts";
import { quoteUntrusted } from "../terminal_text.ts";

/**
 * Creates symlinks. Every directory on the way to a link must be there and be a
 * real directory; nothing may be at the link's own path.
 *
 * @throws {EnvironmentError} `link-refused`, `path-refused` or `file-system`
 */
export function createLinks(
  directories: RealDirectories,
  links: readonly SymbolicLink[],
): void {
  for (const link of links) {
    const reason = refuseLink(link);
    if (reason !== undefined) {
      throw new EnvironmentError(
        "link-refused",
        `Cannot create symlink ${quoteUntrusted(link.path)}: ${reason}`,
      );
    }
    createLink(directories.entry(link.path), link.target);
  }
}

function createLink(path: string, target: string): void {
  try {
    // Fails if anything is at the path, and does not follow a symlink there.
    Deno.symlinkSync(target, path);
  } catch (error) {
    throw fileSystemError("create symlink", path, error);
  }
}
