/**
 * A target whose parser has faults: one for each first letter.
 *
 * @module
 */

import fc from "fast-check";
import { bytesOf, outcomeOf, type Target } from "../target.ts";

class DeclaredError extends Error {}

function hang(): never {
  while (true);
}

function hoard(): never {
  const kept: Uint8Array[] = [];
  while (true) kept.push(new Uint8Array(1024 ** 2).fill(1));
}

function parse(input: Uint8Array): void {
  switch (String.fromCharCode(input[0] ?? 0)) {
    case "d":
      throw new DeclaredError("It is refused");
    case "u":
      throw new TypeError("It is undeclared");
    case "h":
      return hang();
    case "m":
      return hoard();
    case "r":
      Promise.reject(new Error("It is lost"));
  }
}

export default {
  // Nothing that leads to a fault by itself.
  structured: fc.constant(bytesOf("d")),
  async check(input) {
    // "w" waits for what never comes.
    if (input[0] === 0x77) await new Promise(() => {});
    outcomeOf(() => parse(input), DeclaredError);
  },
} satisfies Target;
