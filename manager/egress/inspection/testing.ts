/**
 * What the tests of inspection share.
 *
 * @module
 */

import fc from "fast-check";
import type { EgressRule } from "../../../src/shared/network/egress_rule.ts";
import { createInspector, type Refused } from "./inspector.ts";
import { encodeLatin1 } from "./latin1.ts";

/** What became of everything that a client sent. */
export interface Outcome {
  forwarded: Uint8Array;
  done: boolean;
  refused: Refused | undefined;
}

/** Shows a new inspector the chunks of a connection; then the client ends. */
export function inspect(
  rule: EgressRule,
  chunks: Iterable<Uint8Array>,
): Outcome {
  const inspector = createInspector(rule, rule.host);
  const forwarded: number[] = [];
  let done = false;
  for (const chunk of chunks) {
    const result = inspector.push(chunk);
    for (const byte of result.forward) forwarded.push(byte);
    done = result.done;
    if (result.refused !== undefined) break;
  }
  const refused = inspector.end();
  return { forwarded: Uint8Array.from(forwarded), done, refused };
}

/** The bytes of a text with one character per byte. */
export const bytesOf = encodeLatin1;

/** Bytes one by one, each in a buffer that is written to again. */
export function* oneByOne(bytes: Uint8Array): Generator<Uint8Array> {
  const buffer = new Uint8Array(1);
  for (const byte of bytes) {
    buffer[0] = byte;
    yield buffer;
  }
}

/** Bytes cut at any places. */
export function anySplit(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 12 }).map((places) => {
    const cuts = [0, ...places.sort((a, b) => a - b), bytes.length];
    return cuts.slice(1).map((end, n) => bytes.slice(cuts[n], end));
  });
}

/** The bytes with some of them replaced, removed or added. */
export function anyMutation(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(bytes.length - 1),
    removed: fc.nat(3),
    added: fc.uint8Array({ maxLength: 3 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const mutated = [...bytes];
    for (const { at, removed, added } of changes) {
      mutated.splice(at, removed, ...added);
    }
    return Uint8Array.from(mutated);
  });
}
