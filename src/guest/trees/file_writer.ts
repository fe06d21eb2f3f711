/**
 * Writes a file through two buffers: one is filled while the other is written.
 *
 * @module
 */

import { fileSystemError } from "../file_system_error.ts";
import { partRuns } from "./zero_runs.ts";

/** Size of a buffer; large writes are cheap, and this is little memory. */
const BUFFER_BYTES = 2 * 1024 ** 2;

/**
 * A sequential writer of one file. Zeros take nothing on the disk; only
 * `truncate` makes those at the end a part of the file.
 */
export class FileWriter {
  #buffer = new Uint8Array(BUFFER_BYTES);
  #spare = new Uint8Array(BUFFER_BYTES);
  #used = 0;
  #flushed = 0;
  #hasFlushed = false;
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: Deno.FsFile,
    private readonly path: string,
  ) {}

  /** Creates the file, or empties it. */
  static async create(path: string): Promise<FileWriter> {
    try {
      const options = { write: true, create: true, truncate: true };
      return new FileWriter(
        await Deno.open(path, { ...options, mode: 0o600 }),
        path,
      );
    } catch (error) {
      throw fileSystemError("create", path, error);
    }
  }

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#flushed + this.#used;
  }

  /** Whether a buffer was written out since the last call. */
  takeFlushed(): boolean {
    const flushed = this.#hasFlushed;
    this.#hasFlushed = false;
    return flushed;
  }

  /** Free space to fill, at most `wanted` bytes; then call `advance`. */
  async space(wanted: number): Promise<Uint8Array> {
    if (this.#used === BUFFER_BYTES) await this.#swap();
    return this.#buffer.subarray(this.#used, this.#used + wanted);
  }

  /** Takes the first `count` bytes of the space that was filled. */
  advance(count: number): void {
    this.#used += count;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) {
      const space = await this.space(bytes.length - offset);
      space.set(bytes.subarray(offset, offset + space.length));
      this.advance(space.length);
      offset += space.length;
    }
  }

  /** Waits until everything taken is in the file. */
  async flush(): Promise<void> {
    await this.#swap();
    await this.#writing;
  }

  /** Sets the file's size; what is added reads as zeros. */
  async truncate(size: number): Promise<void> {
    try {
      await this.file.truncate(size);
    } catch (error) {
      throw fileSystemError("write", this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    this.file.close();
  }

  async #swap(): Promise<void> {
    await this.#writing;
    const full = this.#buffer.subarray(0, this.#used);
    this.#writing = this.#writeAll(full);
    // A failure is reported by the next wait, which may come later.
    this.#writing.catch(() => {});
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#flushed += this.#used;
    this.#used = 0;
    this.#hasFlushed = true;
  }

  async #writeData(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) {
      offset += await this.file.write(bytes.subarray(offset));
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (const run of partRuns(bytes)) {
        if (run.isZero) {
          await this.file.seek(run.bytes.length, Deno.SeekMode.Current);
        } else await this.#writeData(run.bytes);
      }
    } catch (error) {
      throw fileSystemError("write", this.path, error);
    }
  }
}
