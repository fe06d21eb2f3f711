import assert from "node:assert/strict";
import { moduleOf, readCorpus, targetNames } from "./corpus.ts";
import { inputsOf } from "./inputs.ts";
import { LONGEST_INPUT_BYTES, MAX_INPUT_BYTES, type Target } from "./target.ts";

const INPUTS = 100;

for (const name of targetNames()) {
  Deno.test(`${name} holds for its corpus and some inputs`, async () => {
    const { default: target }: { default: Target } = await import(
      moduleOf(name)
    );
    const corpus = readCorpus(name);
    assert.ok(corpus.length > 0, "It has no corpus");
    const longest = target.maxBytes ?? MAX_INPUT_BYTES;
    assert.ok(longest <= LONGEST_INPUT_BYTES);
    assert.ok(corpus.every((input) => input.length <= longest));
    let left = corpus.length + INPUTS;
    for (const input of inputsOf(target, corpus, 1)) {
      if (left-- === 0) break;
      await target.check(input);
    }
  });
}
