import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLogMessage, PcapReader } from "./packet_log.ts";
import { capture, message, record } from "./packet_log_testing.ts";

function join(parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("PcapReader gives the same records however the stream is cut", () => {
  const records = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(records, fc.array(fc.integer({ min: 1, max: 40 })), (
      contents,
      cuts,
    ) => {
      const stream = join([capture, ...contents.map(record)]);
      const reader = new PcapReader();
      const read: Uint8Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        read.push(...reader.push(stream.subarray(at, at + cut)));
        at += cut;
      }
      read.push(...reader.push(stream.subarray(at)));
      assert.deepEqual(read, contents);
    }),
  );
});

Deno.test("PcapReader refuses other streams, and records that are too big", () => {
  assert.throws(() => new PcapReader().push(new Uint8Array(24)));
  const big = join([capture, record(new Uint8Array(5000))]);
  assert.throws(() => new PcapReader().push(big), /too big/);
});

Deno.test("parseLogMessage() finds the frame's type and its payload", () => {
  const payload = new TextEncoder().encode("hello raw ethertype");
  assert.deepEqual(parseLogMessage(message(0x88b5, payload)), {
    etherType: 0x88b5,
    payload,
  });
});

Deno.test("parseLogMessage() survives any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const packet = parseLogMessage(bytes);
      assert.ok(packet === undefined || packet.payload.length <= 200);
    }),
  );
});

Deno.test("PcapReader keeps no view of what it was given", () => {
  const stream = join([capture, record(Uint8Array.of(1, 2, 3))]);
  const reader = new PcapReader();
  const chunk = stream.slice(0, 36);
  assert.deepEqual(reader.push(chunk), []);
  chunk.fill(0xaa);
  assert.deepEqual(reader.push(stream.subarray(36)), [Uint8Array.of(1, 2, 3)]);
});
