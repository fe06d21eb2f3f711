import assert from "node:assert/strict";
import fc from "fast-check";
import { anySplit, bytesOf, inspect, oneByOne } from "./testing.ts";

const RULE = { host: "example.org", port: 9418, protocol: "git" } as const;

function pktLine(text: string): Uint8Array {
  const length = (text.length + 4).toString(16).padStart(4, "0");
  return bytesOf(length + text);
}

for (
  const request of [
    "git-upload-pack /project.git\0host=example.org\0",
    "git-upload-pack /project.git\0host=Example.ORG:9418\0",
    "git-receive-pack /a b\0host=example.org\0\0version=1\0",
    "git-upload-archive ~user/p\xff\0host=example.org\0\0version=2\0x=y\0",
    `git-upload-pack /${"x".repeat(60_000)}\0host=example.org\0`,
  ]
) {
  Deno.test(`${JSON.stringify(request.slice(0, 90))} is let through`, () => {
    const bytes = Uint8Array.of(...pktLine(request), 0, 1, 2);
    fc.assert(
      fc.property(anySplit(bytes), (chunks) => {
        const { forwarded, done, refused } = inspect(RULE, chunks);
        assert.equal(refused, undefined);
        assert.ok(done);
        assert.ok(forwarded.every((byte, n) => byte === bytes[n]));
        assert.equal(forwarded.length, bytes.length);
      }),
      { numRuns: 20 },
    );
  });
}

for (
  const [request, refusal, claimed] of [
    [
      "git-upload-pack /p\0host=evil.example\0",
      "name-mismatch",
      "evil.example",
    ],
    [
      "git-upload-pack /p\0host=example.org.\0",
      "name-mismatch",
      "example.org.",
    ],
    [
      "git-upload-pack /p\0host=example.org:22\0",
      "name-mismatch",
      "example.org:22",
    ],
    [
      "git-upload-pack /p\0host=example.org \x1b\0",
      "name-mismatch",
      "example.org\\x20\\x1b",
    ],
    ["git-upload-pack /p\0host=\0", "name-missing", null],
    ["git-upload-pack /p\0", "name-missing", null],
    ["git-upload-pack /p\n", "name-missing", null],
    ["git-upload-pack /p\0\0version=2\0", "name-missing", null],
    ["git-upload-pack /p\0HOST=example.org\0", "wrong-protocol", null],
    [
      "git-upload-pack /p\0host=example.org\0host=evil.example\0",
      "wrong-protocol",
      null,
    ],
    ["git-upload-pack /p\0host=example.org", "wrong-protocol", null],
    ["git-upload-pack \0host=example.org\0", "wrong-protocol", null],
    ["git-shell /p\0host=example.org\0", "wrong-protocol", null],
    ["git-upload-pac", "wrong-protocol", null],
  ] as const
) {
  Deno.test(`${JSON.stringify(request)} is refused: ${refusal}`, () => {
    for (const chunks of [[pktLine(request)], oneByOne(pktLine(request))]) {
      const { forwarded, refused } = inspect(RULE, chunks);
      assert.equal(refused?.refusal, refusal);
      assert.equal(refused.claimed, claimed);
      assert.equal(forwarded.length, 0);
    }
    assert.equal(inspect(RULE, [pktLine(request)]).refused?.content, "git");
  });
}

Deno.test("what is no pkt-line with a request is refused at once", () => {
  for (const start of ["GET ", "0000", "0004", "fffgit", "00zz", "0032gut"]) {
    const { refused } = inspect(RULE, [bytesOf(start)]);
    assert.equal(refused?.refusal, "wrong-protocol", start);
  }
});

Deno.test("a line longer than Git's is refused", () => {
  const request = `git-upload-pack /${"x".repeat(65_500)}\0host=example.org\0`;
  const { refused } = inspect(RULE, [pktLine(request).subarray(0, 100)]);
  assert.equal(refused?.refusal, "wrong-protocol");
});
