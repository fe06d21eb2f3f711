/**
 * Messages of a channel: JSON within bounds, or a violation.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ChannelError } from "../../src/shared/rpc/channel_error.ts";
import {
  MAX_JSON_DEPTH,
  MAX_JSON_VALUES,
  parseJsonBytes,
} from "../../src/shared/rpc/json_bytes.ts";
import {
  hostMessageSchema,
  responseSchema,
} from "../../src/shared/rpc/json_rpc.ts";
import { methods, rpcFailureSchema } from "../../src/shared/rpc/protocol.ts";
import { outcomeOf, type Target } from "../target.ts";

const schemas = [
  hostMessageSchema,
  responseSchema,
  rpcFailureSchema,
  ...Object.values(methods).flatMap(({ params, result }) => [params, result]),
];

/** How deep a value is, and how many values it has. */
function measure(value: unknown): { depth: number; values: number } {
  let depth = 0;
  let values = 0;
  const left: [unknown, number][] = [[value, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, level] = next;
    values++;
    if (typeof value !== "object" || value === null) continue;
    depth = Math.max(depth, level + 1);
    for (const part of Object.values(value)) left.push([part, level + 1]);
  }
  return { depth, values };
}

export default {
  tokens: [
    ...['"', "\\", "[", "]", "{", "}", ",", ":", "null", "1e999", "-0"],
    ...['"__proto__":', '"constructor":', "\\ud800", "\xef\xbb\xbf", "[[[["],
    ...['"jsonrpc":"2.0"', '"params":{}', '"result":{}', "\xed\xa0\x80"],
  ],
  structured: fc.oneof(fc.json(), fc.json({ maxDepth: 8 }))
    .map((text) => new TextEncoder().encode(text)),
  maxBytes: 4096,
  check(input) {
    const outcome = outcomeOf(() => parseJsonBytes(input), ChannelError);
    if ("error" in outcome) return;
    const { depth, values } = measure(outcome.value);
    assert.ok(depth <= MAX_JSON_DEPTH, `It is ${depth} deep`);
    assert.ok(values <= MAX_JSON_VALUES, `It has ${values} values`);
    for (const schema of schemas) schema.safeParse(outcome.value);
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  },
} satisfies Target;
