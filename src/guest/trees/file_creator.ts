/**
 * Creates small files, several at a time: creating a file takes the kernel far
 * longer than filling it, and other threads can do the waiting.
 *
 * @module
 */

import { fileSystemError } from "../file_system_error.ts";

/** Files under way at a time; more gain nothing on measured machines. */
const CONCURRENCY = 8;

/** Larger files are written piece by piece rather than held in memory. */
export const MAX_BUFFERED_BYTES = 256 * 1024;

/** A file to create; `path` must not exist. */
export interface NewFile {
  path: string;
  mode: number;
  /** Seconds since 1970. */
  mtime: number;
}

/** Creates files exclusively; the first failure ends all further work. */
export class FileCreator {
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  /** Takes a file; returns as soon as there is room for the next one. */
  async create(file: NewFile, body: Uint8Array): Promise<void> {
    const task: Promise<void> = this.#create(file, body)
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
    if (this.#running.size >= CONCURRENCY) await Promise.race(this.#running);
    this.#throwFailure();
  }

  /** Waits until nothing is under way; throws what failed. */
  async finish(): Promise<void> {
    await this.settle();
    this.#throwFailure();
  }

  /** Waits until nothing is under way, whatever came of it. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #create(file: NewFile, body: Uint8Array): Promise<void> {
    const opened = await openNewFile(file);
    try {
      writeAll(opened, body, file.path);
      opened.utimeSync(file.mtime, file.mtime);
    } finally {
      opened.close();
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Creates a file, never opening one that is there. */
export async function openNewFile(file: NewFile): Promise<Deno.FsFile> {
  const { path, mode } = file;
  try {
    return await Deno.open(path, { write: true, createNew: true, mode });
  } catch (error) {
    throw fileSystemError("create", path, error);
  }
}

/** Sets the file's size; what is added reads as zeros. */
export function truncate(file: Deno.FsFile, size: number, path: string): void {
  try {
    file.truncateSync(size);
  } catch (error) {
    throw fileSystemError("write", path, error);
  }
}

/** Writes all bytes at the file's position. */
export function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array,
  path: string,
): void {
  try {
    let offset = 0;
    while (offset < bytes.length) {
      offset += file.writeSync(bytes.subarray(offset));
    }
  } catch (error) {
    throw fileSystemError("write", path, error);
  }
}
