const NEWLINE = 0x0a;

/** Cuts a byte stream into lines of a bounded length. */
export class LineBuffer {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #length = 0;

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
      this.#length += part.length;
      if (this.#length > this.#limit) {
        throw new RangeError(
          `Cannot take a line longer than ${this.#limit} bytes`,
        );
      }
      if (part.length > 0) this.#parts.push(part.slice());
      if (end < 0) return lines;
      lines.push(this.#take());
      rest = rest.subarray(end + 1);
    }
  }

  #take(): string {
    const line = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      line.set(part, offset);
      offset += part.length;
    }
    this.#parts = [];
    this.#length = 0;
    return new TextDecoder().decode(line);
  }
}
