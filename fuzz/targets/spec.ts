/**
 * A build spec: every mistake has a place in the text and harmless words, and
 * what is taken is plain data.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseBuildSpec } from "../../src/spec/parse.ts";
import type { Target } from "../target.ts";
import { anySpec, outcomeOfFile, yamlTokens } from "../yaml_texts.ts";

export default {
  tokens: yamlTokens,
  structured: anySpec,
  maxBytes: 4096,
  check(input) {
    const text = new TextDecoder().decode(input);
    const outcome = outcomeOfFile(
      text,
      () => parseBuildSpec(text, "spec.yaml"),
    );
    if ("error" in outcome) return;
    const { data } = outcome.value;
    assert.deepEqual(JSON.parse(JSON.stringify(data)), data);
    assert.equal(Object.getPrototypeOf(data), Object.prototype);
  },
} satisfies Target;
