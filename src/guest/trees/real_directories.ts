import { EnvironmentError } from "../../shared/errors.ts";
import { fileSystemError } from "../file_system_error.ts";
import { isPlainPath } from "./link_policy.ts";
import { quoteUntrusted } from "../terminal_text.ts";

/**
 * Tells which paths below a root lead through real directories alone, so that
 * what is done at them is done below the root. Each directory is looked at
 * once: nobody else may change the tree meanwhile.
 */
export class RealDirectories {
  readonly #known = new Set<string>();

  /**
   * @param root absolute and normalized, itself a real directory
   * @throws {EnvironmentError} `path-refused`
   */
  constructor(readonly root: string) {
    if (!root.startsWith("/") || !isPlainPath(root.slice(1))) {
      throw refused(root, "it is not a plain absolute path");
    }
    this.#require(root);
  }

  /**
   * The place on disk of a directory below the root.
   *
   * @throws {EnvironmentError} `path-refused`, unless it and all above it are
   * directories
   */
  directory(path: string): string {
    if (!isPlainPath(path)) throw refused(path, "it is not a plain path");
    let onDisk = this.root;
    for (const name of path.split("/")) {
      onDisk += `/${name}`;
      this.#require(onDisk);
    }
    return onDisk;
  }

  /** The place on disk of a path whose parents are directories. */
  entry(path: string): string {
    if (!isPlainPath(path)) throw refused(path, "it is not a plain path");
    const slash = path.lastIndexOf("/");
    if (slash > 0) this.directory(path.slice(0, slash));
    return `${this.root}/${path}`;
  }

  #require(onDisk: string): void {
    if (this.#known.has(onDisk)) return;
    if (!isDirectory(onDisk)) throw refused(onDisk, "it is not a directory");
    this.#known.add(onDisk);
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch (error) {
    throw fileSystemError("read", path, error);
  }
}

function refused(path: string, reason: string): EnvironmentError {
  return new EnvironmentError(
    "path-refused",
    `Cannot use ${quoteUntrusted(path)} in the new workspace: ${reason}`,
  );
}
