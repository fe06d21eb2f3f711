/**
 * The input that is being run, where another thread sees it.
 *
 * @module
 */

import { LONGEST_INPUT_BYTES } from "./target.ts";

const HEADER_BYTES = 8;

/** Memory of two threads: the current input, and how many there were. */
export class SharedInput {
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(
    readonly buffer = new SharedArrayBuffer(HEADER_BYTES + LONGEST_INPUT_BYTES),
  ) {
    this.#numbers = new Int32Array(buffer, 0, 2);
    this.#bytes = new Uint8Array(buffer, HEADER_BYTES);
  }

  /** Inputs that were begun; an input more than 2^31 starts again. */
  get started(): number {
    return Atomics.load(this.#numbers, 0);
  }

  /** A copy of the current input. */
  get input(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.slice(0, Atomics.load(this.#numbers, 1)));
  }

  /** Notes the input that is begun. */
  start(input: Uint8Array): void {
    this.#bytes.set(input);
    Atomics.store(this.#numbers, 1, input.length);
    Atomics.add(this.#numbers, 0, 1);
  }
}
