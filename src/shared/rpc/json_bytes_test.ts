import assert from "node:assert/strict";
import fc from "fast-check";
import { ChannelError } from "./channel_error.ts";
import {
  encodeJsonBytes,
  MAX_JSON_DEPTH,
  MAX_JSON_VALUES,
  parseJsonBytes,
} from "./json_bytes.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("JSON survives encoding and parsing", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
    const expected = JSON.parse(JSON.stringify(value));
    const bytes = encodeJsonBytes(value, 1_000_000);
    assert.deepEqual(parseJsonBytes(bytes), expected);
  }));
});

Deno.test("arbitrary bytes are parsed or refused with a ChannelError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      parseJsonBytes(bytes);
    } catch (error) {
      assert.ok(error instanceof ChannelError);
    }
  }));
});

Deno.test("JSON is bounded in depth, outside of strings", () => {
  const nested = (depth: number) =>
    encode("[".repeat(depth) + "]".repeat(depth));
  parseJsonBytes(nested(MAX_JSON_DEPTH));
  assert.throws(() => parseJsonBytes(nested(MAX_JSON_DEPTH + 1)), ChannelError);
  assert.throws(() => parseJsonBytes(encode("[".repeat(4e6))), ChannelError);
  const text = '\\"' + "[{".repeat(100);
  assert.equal(parseJsonBytes(encode(JSON.stringify(text))), text);
});

Deno.test("JSON is bounded in values, outside of strings", () => {
  const list = (length: number) =>
    encode(JSON.stringify(Array(length).fill(0)));
  parseJsonBytes(list(MAX_JSON_VALUES - 1));
  assert.throws(() => parseJsonBytes(list(MAX_JSON_VALUES + 1)), ChannelError);
  const objects = encode(`[${"{},".repeat(MAX_JSON_VALUES / 2)}{}]`);
  assert.throws(() => parseJsonBytes(objects), ChannelError);
  const text = ",".repeat(2 * MAX_JSON_VALUES);
  assert.equal(parseJsonBytes(encode(JSON.stringify(text))), text);
});

Deno.test("what is not UTF-8 is refused", () => {
  const bytes = Uint8Array.of(0x22, 0xff, 0x22);
  assert.throws(() => parseJsonBytes(bytes), ChannelError);
});

Deno.test("what is no JSON or too long is not encoded", () => {
  assert.throws(() => encodeJsonBytes(undefined, 100), ChannelError);
  assert.throws(() => encodeJsonBytes("four", 5), ChannelError);
  assert.equal(encodeJsonBytes("four", 6).length, 6);
});
