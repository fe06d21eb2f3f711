/**
 * What an SSH client sends first: a line of its version, or nothing goes on.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { inspectBytes } from "../client_bytes.ts";
import type { Target } from "../target.ts";

const banner = fc.tuple(
  fc.constantFrom("SSH-2.0-", "SSH-1.99-", "SSH-", ""),
  fc.oneof(fc.string(), fc.constantFrom("OpenSSH_9.2p1", "x".repeat(260))),
  fc.constantFrom("\r\n", "\n", "\r", ""),
  fc.string(),
).map((parts) => new TextEncoder().encode(parts.join("")));

export default {
  tokens: ["SSH-2.0-", "SSH-1.99-", "\r\n", "\n", "\0", "GET / HTTP/1.1\r\n"],
  structured: banner,
  maxBytes: 1024,
  check(input) {
    const { forwarded } = inspectBytes("ssh", input);
    if (forwarded.length === 0) return;
    const end = forwarded.indexOf(10);
    assert.ok(end > 0 && end < 255);
    const line = String.fromCharCode(...forwarded.subarray(0, end));
    assert.match(line, /^SSH-2\.0-[\x20-\x7e]+\r?$/);
  },
} satisfies Target;
