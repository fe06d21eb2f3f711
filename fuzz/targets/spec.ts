/**
 * A build spec: every mistake has a place in the text and harmless words, and
 * what is taken is plain data.
 *
 * @module
 */

import assert from "node:assert/strict";
import { InvalidFileError } from "../../src/spec/problem.ts";
import { parseBuildSpec } from "../../src/spec/parse.ts";
import { outcomeOf, type Target } from "../target.ts";
import { anySpec, checkProblems, yamlTokens } from "../yaml_texts.ts";

export default {
  tokens: yamlTokens,
  structured: anySpec,
  maxBytes: 4096,
  check(input) {
    const text = new TextDecoder().decode(input);
    const outcome = outcomeOf(() => {
      try {
        return parseBuildSpec(text, "spec.yaml");
      } catch (error) {
        if (error instanceof InvalidFileError) checkProblems(error, text);
        throw error;
      }
    }, InvalidFileError);
    if ("error" in outcome) return;
    const { data } = outcome.value;
    assert.deepEqual(JSON.parse(JSON.stringify(data)), data);
    assert.equal(Object.getPrototypeOf(data), Object.prototype);
  },
} satisfies Target;
