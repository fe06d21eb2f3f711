import assert from "node:assert/strict";
import fc from "fast-check";
import { contentKindSchema } from "../../../src/shared/rpc/verdict.ts";
import { classifyContent } from "./content_kind.ts";
import { bytesOf } from "./testing.ts";

const DNS_QUERY =
  "\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01\x07example\0\0\x01\0\x01";

const samples = [
  ["empty", ""],
  ["tls", "\x16\x03\x01\x02\0\x01"],
  ["http", "GET / HTTP/1.1\r\n"],
  ["http", "CONNECT evil.example:443 HTTP/1.1\r\n"],
  ["http", "BREW /pot HTTP/1.0\r\n"],
  ["http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["ssh", "SSH-2.0-OpenSSH_9.9\r\n"],
  ["git", "0032git-upload-pack /project\0host=example.org\0"],
  ["dns", DNS_QUERY],
  ["dns", `\0${String.fromCharCode(DNS_QUERY.length)}${DNS_QUERY}`],
  ["quic", "\xc3\0\0\0\x01\x08abcdefgh\0"],
  ["quic", "\xd3\x6b\x33\x43\xcf\x08abcdefgh\0"],
  ["text", "HELO example.org\r\n"],
  ["text", "caf\xc3\xa9, cut: \xc3"],
  ["binary", "\0\x01\x02"],
  ["binary", "caf\xe9 in another encoding"],
  ["binary", "\x16\x04\x01"],
] as const;

for (const [kind, text] of samples) {
  Deno.test(`${JSON.stringify(text)} looks like ${kind}`, () => {
    assert.equal(classifyContent(bytesOf(text)), kind);
  });
}

Deno.test("any bytes look like something", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
    // In the middle of a buffer, as what is left of a push.
    const padded = Uint8Array.of(0x16, 3, 1, ...bytes).subarray(3);
    assert.ok(contentKindSchema.safeParse(classifyContent(padded)).success);
    assert.equal(classifyContent(padded), classifyContent(bytes));
  }));
});
