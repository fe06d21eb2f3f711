/**
 * What a TLS client sends first: nothing goes on before the one declared name
 * was asked for, and never beside a hidden one.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  hello,
  helloMessage,
  record,
  SUPPORTED_VERSIONS,
} from "../../manager/egress/inspection/tls_hellos.ts";
import { HOST, inspectBytes } from "../client_bytes.ts";
import { bytesOf, join, type Target } from "../target.ts";

const HIDDEN_NAMES = [0xfe0d, 0xffce];

const parts = fc.record({
  names: fc.array(fc.constantFrom(HOST, "EXAMPLE.org", "evil.test", ""), {
    minLength: 0,
    maxLength: 2,
  }),
  extensions: fc.array(
    fc.oneof(
      fc.constant(SUPPORTED_VERSIONS),
      fc.tuple(
        fc.constantFrom(0, 42, 43, 0xfe0d, 0xffce, 0x0a0a),
        fc.array(fc.nat(255), { maxLength: 6 }),
      ),
    ),
    { maxLength: 3 },
  ),
  trailing: fc.constantFrom([], [], [0]),
});

const inRecords = fc.tuple(parts, fc.integer({ min: 1, max: 200 }))
  .map(([parts, size]) => {
    const message = helloMessage(parts);
    const records: number[] = [];
    for (let at = 0; at < message.length; at += size) {
      records.push(...record(message.slice(at, at + size)));
    }
    return Uint8Array.from(records);
  });

const after = fc.constantFrom(
  new Uint8Array(),
  hello({ names: ["evil.test"] }),
  hello(),
  Uint8Array.from(record([1], 20)),
  Uint8Array.from(record([1, 2, 3], 23)),
);

/** The bytes of the records' contents: what a name can be found in. */
function contentsOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = bytes[at + 3]! << 8 | bytes[at + 4]!;
    text += String.fromCharCode(...bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return text;
}

/** Types of extensions in the first hello, read without any checks. */
function extensionTypes(contents: string): number[] {
  const bytes = bytesOf(contents);
  const uint16 = (at: number) => (bytes[at] ?? 0) << 8 | (bytes[at + 1] ?? 0);
  let at = 4 + 2 + 32;
  at += 1 + (bytes[at] ?? 0);
  at += 2 + uint16(at);
  at += 1 + (bytes[at] ?? 0);
  const end = at + 2 + uint16(at);
  const types: number[] = [];
  for (at += 2; at + 4 <= end; at += 4 + uint16(at + 2)) types.push(uint16(at));
  return types;
}

export default {
  tokens: [
    ...["\x16\x03\x01", "\x17\x03\x03", "\x14\x03\x03\0\x01\x01", "\xfe\x0d"],
    ...["\xff\xce", HOST, "evil.test", "\0\x0e\0\0\x0bexample.org", "\x01\0\0"],
  ],
  structured: fc.tuple(inRecords, after).map(join),
  maxBytes: 8192,
  check(input) {
    const { forwarded } = inspectBytes("https", input);
    if (forwarded.length === 0) return;
    const contents = contentsOf(forwarded);
    assert.ok(contents.toLowerCase().includes(HOST), "The name is not there");
    const types = extensionTypes(contents);
    assert.equal(types.filter((type) => type === 0).length, 1);
    assert.ok(!types.some((type) => HIDDEN_NAMES.includes(type)));
  },
} satisfies Target;
