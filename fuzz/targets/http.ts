/**
 * What an HTTP client sends: whatever goes on is, also for a server that reads
 * more than it should, requests for the declared host alone.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { HOST, inspectBytes, PORT } from "../client_bytes.ts";
import { bytesOf, type Target } from "../target.ts";

const field = fc.constantFrom(
  ...["Host: evil.test", `Host: ${HOST}`, `host:${HOST}:${PORT}`],
  ...["Content-Length: 5", "Content-Length: 05", "Content-Length: +5"],
  ...["Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked"],
  ...["Transfer-Encoding : chunked", " folded", "Upgrade: h2c", "X: \xff"],
  ...["Expect: 100-continue", "Connection: Host", "X: a\0b", "X:\x0bb"],
);
const hidden = "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n";
const request = fc.record({
  line: fc.constantFrom(
    ...["GET / HTTP/1.1", "POST /a HTTP/1.0", `GET http://${HOST}/ HTTP/1.1`],
    ...["GET http://evil.test/ HTTP/1.1", "CONNECT evil.test:443 HTTP/1.1"],
    ...["OPTIONS * HTTP/1.1", "GET / HTTP/2.0", "PRI * HTTP/2.0", "GET /"],
  ),
  host: fc.constantFrom(`Host: ${HOST}\r\n`, ""),
  fields: fc.array(field, { maxLength: 3 }),
  body: fc.constantFrom(
    ...["", "hello", "5\r\nhello\r\n0\r\n\r\n", "0\r\n\r\n", hidden],
    `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
  ),
  newline: fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r"),
}).map(({ line, host, fields, body, newline }) =>
  `${line}\r\n${host}${fields.map((field) => field + newline).join("")}\r\n` +
  body
);

/** What a lax server goes by where a request has both. */
type Preferred = "length" | "chunks";

/** Reads requests as a lax server would; returns the hosts that it serves. */
function hostsOf(text: string, preferred: Preferred): string[] {
  const hosts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const head = /^[^]*?\r?\n\r?\n/.exec(text.slice(at));
    if (head === null) break;
    at += head[0].length;
    const lines = head[0].split(/\r?\n/);
    const target = /^\S+ +http:\/\/([^/?# ]*)/i.exec(lines[0]!)?.[1];
    if (target !== undefined) hosts.push(target);
    const values = (name: string) =>
      lines.slice(1).map((line) => /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line))
        .filter((match) => match?.[1]?.toLowerCase() === name)
        .map((match) => match![2]!);
    hosts.push(...values("host"));
    const isChunked = values("transfer-encoding")
      .some((coding) => /chunked/i.test(coding));
    const length = values("content-length").at(-1);
    if (isChunked && (preferred === "chunks" || length === undefined)) {
      at = endOfChunks(text, at);
    } else at += Number(length ?? 0);
  }
  return hosts;
}

function endOfChunks(text: string, start: number): number {
  let at = start;
  while (true) {
    const line = /^([0-9a-f]+)[^\n]*\n/i.exec(text.slice(at));
    if (line === null) return text.length;
    at += line[0].length;
    const size = parseInt(line[1]!, 16);
    if (size > 0) {
      at += size + 2;
      continue;
    }
    const trailers = /^(?:[^\r\n]+\r?\n)*\r?\n/.exec(text.slice(at));
    return trailers === null ? text.length : at + trailers[0].length;
  }
}

export default {
  tokens: [
    ...["\r\n", "\n", "\r", "\r\n\r\n", ": ", "Host: ", HOST, "evil.test"],
    ...["Content-Length: ", "Transfer-Encoding: ", "chunked", "HTTP/1.1", "\0"],
    ...["GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", "0\r\n\r\n", "5\r\n", ";"],
    ...["Upgrade: ", "\t", "\x0b", "\x85", "\xa0", "@", "http://", ":80", "#"],
  ],
  structured: fc.array(request, { minLength: 1, maxLength: 3 })
    .map((requests) => bytesOf(requests.join(""))),
  maxBytes: 4096,
  check(input) {
    const { forwarded } = inspectBytes("http", input);
    const text = String.fromCharCode(...forwarded);
    const hosts = [...hostsOf(text, "length"), ...hostsOf(text, "chunks")];
    for (const host of hosts) {
      const name = host.toLowerCase().replace(/:80$/, "");
      assert.equal(name, HOST, `It asks for ${JSON.stringify(host)}`);
    }
  },
} satisfies Target;
