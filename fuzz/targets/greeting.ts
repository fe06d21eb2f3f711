/**
 * What comes before the manager's greeting: any chunks leave the same rest.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ChannelError } from "../../src/shared/rpc/channel_error.ts";
import { discardUntilGreeting } from "../../src/shared/rpc/greeting.ts";
import { GREETING } from "../../src/shared/rpc/protocol.ts";
import { chunksOf, join, outcomeOfAsync, type Target } from "../target.ts";

const greeting = new TextEncoder().encode(GREETING);
const half = greeting.subarray(0, greeting.length / 2);
const piece = fc.oneof(
  fc.constantFrom(greeting, half, greeting.subarray(0, 1)),
  fc.uint8Array({ maxLength: 40 }),
);

function restOf(chunks: Iterable<Uint8Array>) {
  const readable = ReadableStream.from(chunks)
    .pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => controller.enqueue(chunk.slice()),
      }),
    );
  return outcomeOfAsync(async () => {
    const first = await discardUntilGreeting(readable);
    const rest = [first];
    for await (const chunk of readable) rest.push(chunk);
    return join(rest);
  }, ChannelError);
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= bytes.length; at++) {
    if (part.every((byte, n) => bytes[at + n] === byte)) return at;
  }
  return -1;
}

export default {
  tokens: [GREETING, GREETING.slice(0, 5)],
  structured: fc.array(piece, { maxLength: 6 }).map(join),
  maxBytes: 1024,
  async check(input) {
    const at = indexOf(input, greeting);
    for (const chunks of [[input], chunksOf(input)]) {
      const outcome = await restOf(chunks);
      assert.equal("value" in outcome, at >= 0);
      if ("error" in outcome) continue;
      assert.deepEqual(outcome.value, input.slice(at + greeting.length));
    }
  },
} satisfies Target;
