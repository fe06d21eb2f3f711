import { ByteQueue } from "../../shared/rpc/byte_queue.ts";

const NEWLINE = 0x0a;

/** Cuts a byte stream into lines of a bounded length. */
export class LineBuffer {
  readonly #limit: number;
  readonly #line = new ByteQueue();

  /** @param limit the most bytes that a line may have, without its end */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes the next bytes of the stream, and returns the lines that they end.
   *
   * @throws {RangeError} if a line is longer than the limit
   */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let rest = bytes;
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      const part = end < 0 ? rest : rest.subarray(0, end);
      if (this.#line.length + part.length > this.#limit) {
        throw new RangeError(
          `Cannot take a line longer than ${this.#limit} bytes`,
        );
      }
      this.#line.push(part);
      if (end < 0) return lines;
      lines.push(this.#take());
      rest = rest.subarray(end + 1);
    }
  }

  #take(): string {
    const line = new Uint8Array(this.#line.length);
    let offset = 0;
    let part: Uint8Array | undefined;
    while ((part = this.#line.shift()) !== undefined) {
      line.set(part, offset);
      offset += part.length;
    }
    return new TextDecoder().decode(line);
  }
}
