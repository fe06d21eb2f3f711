import assert from "node:assert/strict";
import fc from "fast-check";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { chunksOf, join, outcomeOf } from "./target.ts";

Deno.test("chunks are the input, cut alike each time", () => {
  fc.assert(fc.property(fc.uint8Array(), (input) => {
    const cut = () => [...chunksOf(input).map((chunk) => chunk.slice())];
    assert.deepEqual(join(cut()), input);
    assert.deepEqual(cut(), cut());
    assert.ok(cut().every((chunk) => chunk.length > 0));
  }));
});

Deno.test("chunks do not outlast the next one", () => {
  const chunks = [...chunksOf(new Uint8Array(100).fill(1))];
  assert.ok(chunks.every((chunk) => chunk.every((byte) => byte === 0xaa)));
});

Deno.test("changes take any input, leave it, and keep to the length", () => {
  const piece = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(
      piece,
      fc.array(piece),
      fc.integer(),
      (input, donors, seed) => {
        const before = input.slice();
        const source = { donors, tokens: donors, maxBytes: 50 };
        const mutated = mutate(input, source, new Random(seed));
        assert.ok(mutated.length <= 50);
        assert.deepEqual(input, before);
        assert.deepEqual(mutate(input, source, new Random(seed)), mutated);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("declared errors are outcomes, others are not", () => {
  const fail = () => {
    throw new RangeError("too long");
  };
  assert.deepEqual(outcomeOf(fail, RangeError), {
    error: "RangeError: too long",
  });
  assert.throws(() => outcomeOf(fail, SyntaxError), RangeError);
});
