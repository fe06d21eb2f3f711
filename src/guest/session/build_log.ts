import { LimitExceededError } from "../../shared/errors.ts";
import { fileSystemError } from "../file_system_error.ts";
import { createLogSanitizer, stripColour } from "./log_sanitizer.ts";

/** Control characters take more room once they are visible: not without end. */
const MAX_GROWTH = 2;

/**
 * The log of one build: what the worker prints, made safe for a terminal,
 * saved to a file without colours and handed on line by line with them.
 */
export class BuildLog {
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();
  #sanitizer = createLogSanitizer();
  #received = 0;
  #saved = 0;

  /**
   * @param path the file, created or emptied
   * @param limit most bytes the worker may print
   * @param onText told of complete, sanitized lines; awaited
   */
  constructor(
    readonly path: string,
    readonly limit: number,
    readonly onText: (text: string) => unknown,
  ) {
    try {
      this.#file = Deno.openSync(path, {
        write: true,
        create: true,
        truncate: true,
      });
    } catch (error) {
      throw fileSystemError("create", path, error);
    }
  }

  /** Bytes that the worker printed so far. */
  get bytes(): number {
    return this.#received;
  }

  /**
   * Takes the worker's next bytes.
   *
   * @throws {LimitExceededError} when the worker printed more than the limit;
   * what fits is kept
   */
  async write(bytes: Uint8Array): Promise<void> {
    const room = Math.max(0, this.limit - this.#received);
    this.#received += bytes.length;
    await this.#save(this.#sanitizer.push(bytes.subarray(0, room)));
    if (bytes.length > room || this.#saved > MAX_GROWTH * this.limit) {
      throw new LimitExceededError(
        "log-limit",
        `The build printed more than ${this.limit} bytes`,
        {
          hint: "Print less, or raise `resources.log` in the build spec",
          record: {
            limit: "log",
            allowed: this.limit,
            measured: Math.max(this.#received, this.#saved),
          },
        },
      );
    }
  }

  /** Ends the output of one step: completes its last line. */
  async endStep(): Promise<void> {
    await this.#save(this.#sanitizer.end());
    this.#sanitizer = createLogSanitizer();
  }

  close(): void {
    this.#file.close();
  }

  async #save(text: string): Promise<void> {
    if (text === "") return;
    const plain = this.#encoder.encode(stripColour(text));
    try {
      for (let at = 0; at < plain.length;) {
        at += await this.#file.write(plain.subarray(at));
      }
    } catch (error) {
      throw fileSystemError("write", this.path, error);
    }
    this.#saved += plain.length;
    await this.onText(text);
  }
}
