/**
 * Holds a client's bytes back until a protocol check lets them go.
 *
 * @module
 */

import { classifyContent } from "./content_kind.ts";
import { HeldBytes } from "./held_bytes.ts";
import type { Inspected, Inspector, Refused } from "./inspector.ts";
import {
  type Objection,
  type ProtocolCheck,
  WRONG_PROTOCOL,
} from "./protocol_step.ts";

const NOTHING = new Uint8Array(0);

/**
 * Shows a check all bytes that it has not let go yet. Copies only what has to
 * wait: bytes that may go at once are handed on as a view of what was pushed.
 */
export class HoldingInspector implements Inspector {
  readonly #check: ProtocolCheck;
  readonly #held = new HeldBytes();
  #started = false;
  #done = false;
  #refused: Refused | undefined;

  constructor(check: ProtocolCheck) {
    this.#check = check;
  }

  push(bytes: Uint8Array): Inspected {
    if (this.#refused !== undefined) return this.#result(NOTHING);
    if (this.#done || bytes.length === 0) return this.#result(bytes);
    this.#started = true;
    const input = this.#inputWith(bytes);
    const released = this.#release(input);
    this.#keep(input, released);
    return this.#result(input.subarray(0, released));
  }

  end(): Refused | undefined {
    const mayEnd = this.#refused !== undefined || this.#done ||
      !this.#started || this.#check.mayEnd();
    if (!mayEnd) this.#refuse(WRONG_PROTOCOL, this.#held.bytes);
    return this.#refused;
  }

  #inputWith(bytes: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return bytes;
    this.#held.add(bytes);
    return this.#held.bytes;
  }

  /** How many bytes from the start may go. */
  #release(input: Uint8Array): number {
    let released = 0;
    while (released < input.length) {
      const rest = released === 0 ? input : input.subarray(released);
      const step = this.#check.step(rest);
      if (step === "more") break;
      if (step === "done") {
        this.#done = true;
        return input.length;
      }
      if (typeof step !== "number") {
        this.#refuse(step, rest);
        break;
      }
      released += step;
    }
    return released;
  }

  #keep(input: Uint8Array, released: number): void {
    const isHeld = this.#held.length > 0;
    if (isHeld && released === 0 && this.#refused === undefined) return;
    this.#held.clear();
    if (this.#refused !== undefined) return;
    if (released < input.length) this.#held.add(input.subarray(released));
  }

  #refuse({ refusal, claimed }: Objection, bytes: Uint8Array): void {
    this.#refused = { refusal, claimed, content: classifyContent(bytes) };
  }

  #result(forward: Uint8Array): Inspected {
    const result: Inspected = { forward, done: this.#done };
    if (this.#refused !== undefined) result.refused = this.#refused;
    return result;
  }
}
