/** Most bytes that are allocated ahead. */
const SPARE_BYTES = 64 * 1024;

interface Block {
  bytes: Uint8Array;
  length: number;
}

/**
 * A queue of bytes that takes memory in proportion to its length, however
 * small the pieces are in which they came.
 */
export class ByteQueue {
  #blocks: Block[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies bytes to the end. */
  push(bytes: Uint8Array): void {
    const tail = this.#blocks.at(-1);
    const room = tail ? tail.bytes.length - tail.length : 0;
    if (tail) this.#append(tail, bytes.subarray(0, room));
    const rest = bytes.subarray(room);
    if (rest.length === 0) return;
    // As much room again as there is now: the number of blocks stays small
    // and so does what is allocated for nothing.
    const size = Math.max(rest.length, Math.min(this.#length, SPARE_BYTES));
    const block = { bytes: new Uint8Array(size), length: 0 };
    this.#append(block, rest);
    this.#blocks.push(block);
  }

  /** Takes a block from the start; the caller owns it. */
  shift(): Uint8Array | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    this.#length -= block.length;
    return block.bytes.subarray(0, block.length);
  }

  clear(): void {
    this.#blocks = [];
    this.#length = 0;
  }

  #append(block: Block, bytes: Uint8Array): void {
    block.bytes.set(bytes, block.length);
    block.length += bytes.length;
    this.#length += bytes.length;
  }
}
