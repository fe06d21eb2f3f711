/**
 * Refused packets in a capture: any chunks give the same, and what is said of a
 * packet fits the report.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { describePacket } from "../../manager/egress/packet_facts.ts";
import {
  parseLogMessage,
  PcapReader,
} from "../../manager/egress/packet_log.ts";
import {
  capture,
  message,
  record,
} from "../../manager/egress/packet_log_testing.ts";
import { attemptSchema } from "../../src/shared/rpc/verdict.ts";
import { chunksOf, join, outcomeOf, type Target } from "../target.ts";

/** What the reader throws of its own will. */
const DECLARED = [
  "Error: A logged packet is too big",
  "Error: Not a capture of netfilter's log",
];
const factsSchema = attemptSchema.pick({
  protocol: true,
  address: true,
  port: true,
  content: true,
});

const etherType = fc.constantFrom(0x0800, 0x0806, 0x86dd, 0x8100, 0);
const ipv4 = fc.tuple(fc.constantFrom(1, 6, 17, 58, 0), fc.uint8Array())
  .map(([protocol, rest]) => {
    const head = new Uint8Array(20);
    head[0] = 0x45;
    head[9] = protocol;
    return join([head, rest]);
  });
const packet = fc.tuple(etherType, fc.oneof(ipv4, fc.uint8Array()))
  .map(([type, payload]) => record(message(type, payload)));

function read(chunks: Iterable<Uint8Array>) {
  const reader = new PcapReader();
  const facts: unknown[] = [];
  const outcome = outcomeOf(() => {
    for (const chunk of chunks) {
      for (const record of reader.push(chunk)) {
        const packet = parseLogMessage(record);
        if (packet === undefined) continue;
        facts.push(factsSchema.parse(describePacket(packet)));
      }
    }
  }, Error);
  const error = "error" in outcome ? outcome.error : undefined;
  assert.ok(error === undefined || DECLARED.includes(error), `${error}`);
  return { facts, error };
}

export default {
  tokens: ["\xd4\xc3\xb2\xa1", "\xef\0\0\0", "\x09\0", "\x01\0", "\x45\0"],
  structured: fc.array(packet, { maxLength: 6 })
    .map((packets) => join([capture, ...packets])),
  maxBytes: 8192,
  check(input) {
    const whole = read([input]);
    const cut = read(chunksOf(input));
    assert.equal(cut.error, whole.error);
    // An error ends a push before it hands on what came before.
    if (whole.error === undefined) assert.deepEqual(cut, whole);
  },
} satisfies Target;
