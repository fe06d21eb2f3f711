import assert from "node:assert/strict";
import fc from "fast-check";
import { anySplit, bytesOf, inspect, oneByOne } from "./testing.ts";

const RULE = { host: "example.org", port: 22, protocol: "ssh" } as const;

for (
  const line of [
    "SSH-2.0-OpenSSH_9.9p1 Debian-1\r\n",
    "SSH-2.0-dropbear\n",
    "SSH-2.0-JSCH-0.1.54\r\n",
    `SSH-2.0-${"x".repeat(245)}\r\n`,
  ]
) {
  Deno.test(`${JSON.stringify(line)} starts SSH`, () => {
    const bytes = bytesOf(line + "\0\0\x05\xdc");
    fc.assert(fc.property(anySplit(bytes), (chunks) => {
      const outcome = inspect(RULE, chunks);
      assert.deepEqual(outcome, {
        forwarded: bytes,
        done: true,
        refused: undefined,
      });
    }));
  });
}

for (
  const [line, content] of [
    ["SSH-1.5-old\r\n", "ssh"],
    ["SSH-2.0-\r\n", "ssh"],
    ["SSH-2.0- comment\r\n", "ssh"],
    ["SSH-2.0-a\0b\r\n", "ssh"],
    ["SSH-2.0-a\rb\r\n", "ssh"],
    [`SSH-2.0-${"x".repeat(246)}\r\n`, "ssh"],
    ["SSH-2.0-never ends", "ssh"],
    ["SSH-2.0-a\r", "ssh"],
    ["Hello\r\nSSH-2.0-a\r\n", "text"],
    ["GET / HTTP/1.1\r\n", "http"],
    ["\x16\x03\x01\0\x05", "tls"],
    ["\n", "text"],
  ]
) {
  Deno.test(`${JSON.stringify(line)} does not start SSH`, () => {
    const whole = inspect(RULE, [bytesOf(line!)]);
    assert.deepEqual(whole.refused, {
      refusal: "wrong-protocol",
      content,
      claimed: null,
    });
    const split = inspect(RULE, oneByOne(bytesOf(line!)));
    assert.equal(split.refused?.refusal, "wrong-protocol");
    assert.equal(whole.forwarded.length + split.forwarded.length, 0);
  });
}
