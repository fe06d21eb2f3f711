/**
 * The endless inputs of a target: the corpus and structured ones, changed.
 *
 * @module
 */

import fc from "fast-check";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { bytesOf, MAX_INPUT_BYTES, type Target } from "./target.ts";

/** Structured inputs that are made at a time; making them takes long. */
const BATCH = 32;

/** Inputs that are made of a batch. */
const INPUTS_PER_BATCH = 512;

/** The corpus as it is, then inputs without end; the same for the same seed. */
export function* inputsOf(
  target: Target,
  corpus: readonly Uint8Array[],
  seed: number,
): Generator<Uint8Array, never> {
  yield* corpus;
  const random = new Random(seed);
  const maxBytes = target.maxBytes ?? MAX_INPUT_BYTES;
  const tokens = (target.tokens ?? []).map(bytesOf);
  while (true) {
    const batch = fc.sample(target.structured, {
      seed: random.uint32() | 0,
      numRuns: BATCH,
    }).map((input) => input.slice(0, maxBytes));
    yield* batch;
    const donors = [...corpus, ...batch];
    for (let left = INPUTS_PER_BATCH; left > 0; left--) {
      const from = random.pick(random.below(2) === 0 ? batch : donors);
      const input = mutate(from, { donors, tokens, maxBytes }, random);
      const repaired = random.below(4) > 0 && target.repair?.(input);
      yield repaired || input;
    }
  }
}
