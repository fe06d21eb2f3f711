/**
 * A target that fails at an input which only changes to its corpus make.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOf, type Target } from "../target.ts";

export default {
  tokens: ["evil"],
  structured: fc.constant(bytesOf("good")),
  check(input) {
    assert.ok(!String.fromCharCode(...input).includes("evil"), "It is evil");
  },
} satisfies Target;
