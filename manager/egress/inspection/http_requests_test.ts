import assert from "node:assert/strict";
import fc from "fast-check";
import { createInspector } from "./inspector.ts";
import {
  anyMutation,
  anySplit,
  bytesOf,
  inspect,
  oneByOne,
} from "./testing.ts";

const RULE = { host: "example.org", port: 8080, protocol: "http" } as const;
const HOST = "Host: example.org\r\n";

const GET = `GET /a?b=c HTTP/1.1\r\n${HOST}Accept: */*\r\n\r\n`;
const CHUNKED = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n` +
  `3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n` +
  `X-Checksum: 1\r\n\r\n`;
const WITH_LENGTH =
  `PUT /x HTTP/1.1\r\n${HOST}Content-Length: 12\r\n\r\n\0\x01binary\r\n\xff\n`;

const good = {
  "nothing but a request": GET,
  "a host in capitals, with the port":
    "GET / HTTP/1.1\r\nHOST:  EXAMPLE.org:8080\t \r\n\r\n",
  "HTTP/1.0": `GET / HTTP/1.0\r\n${HOST}\r\n`,
  "absolute form": `GET http://example.org/x HTTP/1.1\r\n${HOST}\r\n`,
  "absolute form with a port and without a path":
    `GET HTTP://Example.org:8080?q HTTP/1.1\r\n${HOST}\r\n`,
  "asterisk form": `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  "bytes beyond ASCII in a field":
    `GET / HTTP/1.1\r\n${HOST}X: \xe9\t!\r\n\r\n`,
  "an empty field": `GET / HTTP/1.1\r\n${HOST}X:\r\n\r\n`,
  "a body with a length": WITH_LENGTH,
  "a body of no bytes": `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  "a body in chunks": CHUNKED,
  "a request to upgrade":
    `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  "200 fields": `GET / HTTP/1.1\r\n${HOST}${"X: y\r\n".repeat(199)}\r\n`,
  "a head of 64 KiB": `GET /${"x".repeat(65_499)} HTTP/1.1\r\n${HOST}\r\n`,
  "several requests": GET + CHUNKED + WITH_LENGTH + GET + CHUNKED + GET,
};

for (const [title, text] of Object.entries(good)) {
  Deno.test(`${title}: let through, however it is split`, () => {
    const bytes = bytesOf(text);
    const splits = fc.oneof(
      anySplit(bytes),
      fc.constant(oneByOneCopies(bytes)),
    );
    fc.assert(
      fc.property(splits, (chunks) => {
        const { forwarded, done, refused } = inspect(RULE, chunks);
        assert.equal(refused, undefined);
        assert.equal(done, false);
        assert.ok(isSame(forwarded, bytes));
      }),
      { numRuns: 25 },
    );
  });
}

const WRONG = ["wrong-protocol", null] as const;
const MISSING = ["name-missing", null] as const;
const mismatch = (claimed: string) => ["name-mismatch", claimed] as const;

const bad = {
  "no host": ["GET / HTTP/1.1\r\n\r\n", ...MISSING],
  "no host in HTTP/1.0": ["GET / HTTP/1.0\r\n\r\n", ...MISSING],
  "an empty host": ["GET / HTTP/1.1\r\nHost: \r\n\r\n", ...MISSING],
  "another host": [
    "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ...mismatch("evil.example"),
  ],
  "a host below": [
    "GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n",
    ...mismatch("a.example.org"),
  ],
  "a dot behind the host": [
    "GET / HTTP/1.1\r\nHost: example.org.\r\n\r\n",
    ...mismatch("example.org."),
  ],
  "another port": [
    "GET / HTTP/1.1\r\nHost: example.org:80\r\n\r\n",
    ...mismatch("example.org:80"),
  ],
  "an empty port": [
    "GET / HTTP/1.1\r\nHost: example.org:\r\n\r\n",
    ...mismatch("example.org:"),
  ],
  "a user": [
    "GET / HTTP/1.1\r\nHost: x@example.org\r\n\r\n",
    ...mismatch("x@example.org"),
  ],
  "a host that would mislead": [
    "GET / HTTP/1.1\r\nHost: example.org, \xe9\r\n\r\n",
    ...mismatch("example.org,\\x20\\xe9"),
  ],
  "two hosts": [
    `GET / HTTP/1.1\r\n${HOST}hOST: evil.example\r\n\r\n`,
    ...mismatch("evil.example"),
  ],
  "the host twice": [`GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, ...WRONG],
  "absolute form with another host": [
    `GET http://evil.example/ HTTP/1.1\r\n${HOST}\r\n`,
    ...mismatch("evil.example"),
  ],
  "absolute form with a user": [
    `GET http://example.org@evil.example/ HTTP/1.1\r\n${HOST}\r\n`,
    ...mismatch("example.org@evil.example"),
  ],
  "absolute form with a backslash": [
    `GET http://evil.example\\.example.org/ HTTP/1.1\r\n${HOST}\r\n`,
    ...mismatch("evil.example\\x5c.example.org"),
  ],
  "absolute form without a host": [
    `GET http:///x HTTP/1.1\r\n${HOST}\r\n`,
    ...MISSING,
  ],
  "absolute form of another scheme": [
    `GET https://example.org/ HTTP/1.1\r\n${HOST}\r\n`,
    ...WRONG,
  ],
  "the declared name in absolute form, another in the host": [
    "GET http://example.org/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ...mismatch("evil.example"),
  ],
  "authority form": [`GET example.org:8080 HTTP/1.1\r\n${HOST}\r\n`, ...WRONG],
  "an asterisk for GET": [`GET * HTTP/1.1\r\n${HOST}\r\n`, ...WRONG],
  "CONNECT": [
    `CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`,
    "wrong-protocol",
    "evil.example:443",
  ],
  "an upgrade with a body": [
    `POST / HTTP/1.1\r\n${HOST}Upgrade: x\r\nContent-Length: 1\r\n\r\n`,
    ...WRONG,
  ],
  "an upgrade with chunks": [
    `POST / HTTP/1.1\r\n${HOST}Upgrade: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ...WRONG,
  ],
  "no version": ["GET /\r\n", ...WRONG],
  "HTTP/1.2": [`GET / HTTP/1.2\r\n${HOST}\r\n`, ...WRONG],
  "HTTP/2.0": [`GET / HTTP/2.0\r\n${HOST}\r\n`, ...WRONG],
  "an empty line first": [`\r\n${GET}`, ...WRONG],
  "two spaces": [`GET  / HTTP/1.1\r\n${HOST}\r\n`, ...WRONG],
  "a tab": [`GET\t/ HTTP/1.1\r\n${HOST}\r\n`, ...WRONG],
  "a method that is no token": [`G(T / HTTP/1.1\r\n${HOST}\r\n`, ...WRONG],
  "bytes beyond ASCII in the target": [
    `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`,
    ...WRONG,
  ],
  "bare line feeds": ["GET / HTTP/1.1\nHost: example.org\n\n", ...WRONG],
  "a bare carriage return": [
    `GET / HTTP/1.1\r\n${HOST}X: a\rHost: evil\r\n\r\n`,
    ...WRONG,
  ],
  "NUL in a field": [`GET / HTTP/1.1\r\n${HOST}X: \0\r\n\r\n`, ...WRONG],
  "a folded field": [
    `GET / HTTP/1.1\r\n${HOST}X: a\r\n b: c\r\n\r\n`,
    ...WRONG,
  ],
  "a space before the colon": [
    "GET / HTTP/1.1\r\nHost : example.org\r\n\r\n",
    ...WRONG,
  ],
  "a field without a name": [`GET / HTTP/1.1\r\n${HOST}: a\r\n\r\n`, ...WRONG],
  "a field without a colon": [`GET / HTTP/1.1\r\n${HOST}a\r\n\r\n`, ...WRONG],
  "201 fields": [
    `GET / HTTP/1.1\r\n${HOST}${"X: y\r\n".repeat(200)}\r\n`,
    ...WRONG,
  ],
  "a head beyond 64 KiB": [
    `GET /${"x".repeat(65_500)} HTTP/1.1\r\n${HOST}\r\n`,
    ...WRONG,
  ],
  "a head that never ends": [
    `GET / HTTP/1.1\r\nX: ${"x".repeat(66_000)}`,
    ...WRONG,
  ],
} as const;

for (const [title, [text, refusal, claimed]] of Object.entries(bad)) {
  Deno.test(`${title}: refused, nothing is forwarded`, () => {
    for (const chunks of [[bytesOf(text)], oneByOne(bytesOf(text))]) {
      const { forwarded, refused } = inspect(RULE, chunks);
      assert.equal(refused?.refusal, refusal);
      assert.equal(refused.claimed, claimed);
      assert.equal(forwarded.length, 0);
    }
  });

  Deno.test(`${title}: refused behind good requests, which are forwarded`, () => {
    const first = CHUNKED + GET;
    const { forwarded, refused } = inspect(RULE, [bytesOf(first + text)]);
    assert.equal(refused?.refusal, refusal);
    assert.ok(isSame(forwarded, bytesOf(first)));
  });
}

const badBodies = {
  "two lengths": "Content-Length: 1\r\nContent-Length: 1\r\n",
  "a list of lengths": "Content-Length: 1, 1\r\n",
  "an empty length": "Content-Length:\r\n",
  "a length that could be octal": "Content-Length: 010\r\n",
  "a negative length": "Content-Length: -1\r\n",
  "a length with a sign": "Content-Length: +1\r\n",
  "a hexadecimal length": "Content-Length: 0x1\r\n",
  "a length beyond 2^53": "Content-Length: 9007199254740993\r\n",
  "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
  "another coding": "Transfer-Encoding: gzip, chunked\r\n",
  "identity": "Transfer-Encoding: identity\r\n",
  "an empty coding": "Transfer-Encoding:\r\n",
  "chunks in capitals": "Transfer-Encoding: Chunked\r\n",
  "chunks with a vertical tab": "Transfer-Encoding: \x0bchunked\r\n",
  "chunks twice": "Transfer-Encoding: chunked\r\n".repeat(2),
};

for (const [title, fields] of Object.entries(badBodies)) {
  Deno.test(`${title}: refused with the head`, () => {
    const text = `POST / HTTP/1.1\r\n${HOST}${fields}\r\n0\r\n\r\n`;
    const { forwarded, refused } = inspect(RULE, [bytesOf(text)]);
    assert.equal(refused?.refusal, "wrong-protocol");
    assert.equal(refused.content, "http");
    assert.equal(forwarded.length, 0);
  });
}

Deno.test("chunks in HTTP/1.0 are refused", () => {
  const text = CHUNKED.replace("HTTP/1.1", "HTTP/1.0");
  const { forwarded, refused } = inspect(RULE, [bytesOf(text)]);
  assert.equal(refused?.refusal, "wrong-protocol");
  assert.equal(forwarded.length, 0);
});

const badChunks = {
  "no size": "\r\n",
  "a size that is no number": "x\r\n",
  "a size with a prefix": "0x1\r\na\r\n",
  "a size with a sign": "+1\r\na\r\n",
  "a space behind the size": "1 \r\na\r\n",
  "a size beyond 2^53": "20000000000000\r\n",
  "a line feed alone": "1\na\r\n",
  "an extension": "1;a=b\r\na\r\n",
  "zeros without end": "0".repeat(5000),
  "data beyond the size": "1\r\nab\r\n",
  "a line feed behind the data": "1\r\na\n0\r\n\r\n",
  "a host in the trailers": `0\r\n${HOST}\r\n`,
  "a length in the trailers": "0\r\nContent-Length: 5\r\n\r\n",
  "a folded trailer": "0\r\n a\r\n\r\n",
  "201 trailers": `0\r\n${"a: b\r\n".repeat(201)}\r\n`,
  "trailers beyond 64 KiB": `0\r\na: ${"x".repeat(66_000)}\r\n\r\n`,
};

for (const [title, body] of Object.entries(badChunks)) {
  Deno.test(`${title}: refused in the body`, () => {
    const head = CHUNKED.slice(0, CHUNKED.indexOf("\r\n\r\n") + 4);
    for (
      const chunks of [[bytesOf(head + body)], oneByOne(bytesOf(head + body))]
    ) {
      const { forwarded, refused } = inspect(RULE, chunks);
      assert.equal(refused?.refusal, "wrong-protocol");
      assert.ok(forwarded.length >= head.length);
      assert.ok(forwarded.length < head.length + body.length);
    }
  });
}

Deno.test("what is not HTTP is refused with what it looks like", () => {
  const samples = {
    http2: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    tls: "\x16\x03\x01\x02\0\x01\0",
    ssh: "SSH-2.0-OpenSSH_9.9\r\n",
    git: "0032git-upload-pack /project\0host=example.org\0",
    text: "HELO example.org\r\n",
    binary: "\0\x01\x02",
  };
  for (const [content, text] of Object.entries(samples)) {
    const { refused } = inspect(RULE, [bytesOf(text)]);
    assert.deepEqual(refused, {
      refusal: "wrong-protocol",
      content,
      claimed: null,
    });
  }
});

Deno.test("an upgraded connection's first frame is refused", () => {
  const inspector = createInspector(RULE, RULE.host);
  inspector.push(bytesOf(good["a request to upgrade"]));
  const { forward, refused } = inspector.push(bytesOf("\x82\x85abcdefghi"));
  assert.equal(forward.length, 0);
  assert.equal(refused?.refusal, "wrong-protocol");
  assert.equal(refused.content, "binary");
});

Deno.test("a client may end between requests and within a body only", () => {
  const bytes = bytesOf(CHUNKED + WITH_LENGTH);
  const heads = [CHUNKED, WITH_LENGTH].map((it) => it.indexOf("\r\n\r\n") + 4);
  for (let length = 0; length <= bytes.length; length++) {
    const { refused } = inspect(RULE, [bytes.subarray(0, length)]);
    const inHead = length > 0 && length < heads[0]! ||
      length > CHUNKED.length && length < CHUNKED.length + heads[1]!;
    assert.equal(refused?.refusal, inHead ? "wrong-protocol" : undefined);
  }
});

const HIDDEN = "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n";

const hidden = {
  "a request": HIDDEN,
  "a request behind empty lines": `\r\n \t\n${HIDDEN}`,
  "a request behind very many empty lines": "\r\n".repeat(32_766) + HIDDEN,
  "a request of another method": HIDDEN.replace("GET", "X-any~1"),
  "a request with more blanks": HIDDEN.replaceAll(" ", "\t  "),
  "a request in lower case": HIDDEN.toLowerCase(),
  "a request with a long target": HIDDEN.replace("/", `/${"a b".repeat(9999)}`),
  "a request whose fields come later": "POST / HTTP/1.1",
  "a request of HTTP/0.9": "GET /",
  "the start of one that names a host": "PUT http://evil.example",
};
const harmless = {
  "a form": "a=GET / HTTP/1.1&b=http://example.org/",
  "a document": '{"request": "GET / HTTP/1.1"}',
  "a boundary": "--a1b2\r\nContent-Type: message/http\r\n\r\n" + HIDDEN,
  "a request behind a line": `HTTP archive: 1\n${HIDDEN}`,
  "a command of git": "0098want 1234 refs/heads/main\0 side-band-64k",
  "a path": "cd /tmp && ls",
  "a word and a name of HTTP": "about HTTP and its https: or http:",
  "blanks alone": " \r\n\t ",
  "many blanks alone": "\r\n".repeat(32_768),
  "text behind many blanks": " ".repeat(65_535) + "so: it is",
  "text without a line's end": "word ".repeat(20_000),
  "two bytes": "OK",
};

function withBody(body: string): string {
  return `POST / HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n` +
    body;
}

/** All in the second chunk. */
function inChunks(body: string): string {
  return `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n` +
    `1\r\na\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

for (const frame of [withBody, inChunks]) {
  for (const [title, body] of Object.entries(hidden)) {
    Deno.test(`${title} where a body begins is refused (${frame.name})`, () => {
      const bytes = bytesOf(GET + frame(body) + GET);
      const allowed = bytes.length - GET.length - frame(body).length +
        frame(body).lastIndexOf(body);
      for (const chunks of [[bytes], oneByOne(bytes)]) {
        const { forwarded, refused } = inspect(RULE, chunks);
        assert.equal(refused?.refusal, "wrong-protocol");
        assert.equal(forwarded.length, allowed);
      }
    });
  }

  for (const [title, body] of Object.entries(harmless)) {
    Deno.test(`${title} may be a body (${frame.name})`, () => {
      const bytes = bytesOf(frame(body) + GET);
      for (const chunks of [[bytes], oneByOne(bytes)]) {
        const { forwarded, refused } = inspect(RULE, chunks);
        assert.equal(refused, undefined);
        assert.ok(isSame(forwarded, bytes));
      }
    });
  }
}

/** A request with any body, well framed, or one whose body hides another. */
const anyRequest = fc.record({
  start: fc.constantFrom("", "\r\n", "GET ", "GET / HTTP/1.1\r\n", "a b c "),
  rest: fc.uint8Array({ maxLength: 80 }),
  frame: fc.constantFrom(withBody, inChunks, () => GET),
}).map(({ start, rest, frame }) =>
  frame(start + String.fromCharCode(...rest) || "x")
);

Deno.test("a stream of requests has one fate, however it is split", () => {
  const streams = fc.array(anyRequest, { maxLength: 6 }).map((requests) =>
    bytesOf(requests.join(""))
  );
  const cases = streams.chain((bytes) =>
    fc.tuple(fc.constant(bytes), anySplit(bytes))
  );
  let passed = 0;
  let stopped = 0;
  fc.assert(
    fc.property(cases, ([bytes, chunks]) => {
      const whole = inspect(RULE, [bytes]);
      for (
        const split of [inspect(RULE, chunks), inspect(RULE, oneByOne(bytes))]
      ) {
        assert.deepEqual(split.refused?.refusal, whole.refused?.refusal);
        assert.ok(isSame(split.forwarded, whole.forwarded));
      }
      if (whole.refused === undefined) passed++;
      else stopped++;
      assert.equal(
        whole.forwarded.length === bytes.length,
        whole.refused === undefined,
      );
    }),
    { numRuns: 500 },
  );
  assert.ok(passed > 0 && stopped > 0);
});

Deno.test("a body of more blanks than anybody sends is refused", () => {
  const body = "\r\n".repeat(40_000) + HIDDEN;
  for (const bytes of [withBody(body), inChunks(body)].map(bytesOf)) {
    const { forwarded, refused } = inspect(RULE, [bytes]);
    assert.equal(refused?.refusal, "wrong-protocol");
    assert.ok(forwarded.length < 200);
  }
});

Deno.test("a body is handed on without a copy", () => {
  const inspector = createInspector(RULE, RULE.host);
  inspector.push(
    bytesOf(`PUT / HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n`),
  );
  const buffer = new Uint8Array(600);
  const { forward } = inspector.push(buffer.subarray(100));
  assert.equal(forward.buffer, buffer.buffer);
  assert.equal(forward.byteOffset, 100);
  assert.equal(forward.length, 500);
});

// They take a minute where the time grows with the square of the spaces, and
// milliseconds otherwise, so a busy machine changes nothing.
Deno.test("spaces without end take no time", () => {
  const padded = `GET / HTTP/1.1\r\n${HOST}X: a${" ".repeat(65_000)}b\r\n\r\n`;
  const start = performance.now();
  for (let n = 0; n < 20; n++) {
    assert.equal(inspect(RULE, [bytesOf(padded)]).refused, undefined);
  }
  assert.ok(performance.now() - start < 20_000);
});

Deno.test("a mutated request with another host is never forwarded", () => {
  const text = GET.replace("example.org", "evil.example");
  fc.assert(fc.property(anyMutation(bytesOf(text)), (bytes) => {
    assert.equal(inspect(RULE, [bytes]).forwarded.length, 0);
  }));
});

Deno.test("what becomes of mutated requests does not depend on the split", () => {
  const cases = anyMutation(bytesOf(CHUNKED + WITH_LENGTH + GET)).chain(
    (bytes) => fc.tuple(fc.constant(bytes), anySplit(bytes)),
  );
  fc.assert(
    fc.property(cases, ([bytes, chunks]) => {
      const whole = inspect(RULE, [bytes]);
      const split = inspect(RULE, chunks);
      assert.equal(split.refused?.refusal, whole.refused?.refusal);
      assert.equal(split.refused?.claimed, whole.refused?.claimed);
      assert.ok(isSame(split.forwarded, whole.forwarded));
    }),
    { numRuns: 500 },
  );
});

function oneByOneCopies(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, n) => byte === other[n]);
}
