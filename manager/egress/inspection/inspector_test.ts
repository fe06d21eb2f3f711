import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type EgressRule,
  egressRuleSchema,
} from "../../../src/shared/network/egress_rule.ts";
import {
  attemptSchema,
  contentKindSchema,
} from "../../../src/shared/rpc/verdict.ts";
import { createInspector } from "./inspector.ts";
import { anySplit, bytesOf, inspect } from "./testing.ts";

/** All that a rule may name. */
const PROTOCOLS = egressRuleSchema.shape.protocol.options;
/** All that are looked at. */
const CHECKED = PROTOCOLS.filter((protocol) => protocol !== "tcp");

function ruleOf(protocol: EgressRule["protocol"]): EgressRule {
  return { host: "example.org", port: 4242, protocol };
}

/** Any bytes, often behind a good start. */
const anyBytes = fc.tuple(
  fc.constantFrom(
    "",
    "GET / HTTP/1.1\r\nHost: example.org\r\n",
    "POST / HTTP/1.1\r\nHost: example.org\r\ntransfer-encoding: chunked\r\n\r\n",
    "\x16\x03\x01\0\x2f\x01\0\0\x2b\x03\x03",
    "SSH-2.0-",
    "0032git-upload-pack ",
  ),
  fc.uint8Array({ maxLength: 60 }),
).map(([start, rest]) => Uint8Array.of(...bytesOf(start), ...rest));

Deno.test("plain TCP is not looked at", () => {
  const inspector = createInspector(ruleOf("tcp"), "example.org");
  const bytes = bytesOf("anything");
  assert.deepEqual(inspector.push(bytes), { forward: bytes, done: true });
  assert.equal(inspector.end(), undefined);
});

for (const protocol of PROTOCOLS) {
  const rule = ruleOf(protocol);

  Deno.test(`${protocol}: a client may connect and send nothing`, () => {
    assert.equal(inspect(rule, []).refused, undefined);
    assert.equal(inspect(rule, [new Uint8Array(0)]).refused, undefined);
  });

  Deno.test(`${protocol}: what is forwarded is a prefix of what came, however it was split`, () => {
    const cases = anyBytes.chain((bytes) =>
      fc.tuple(fc.constant(bytes), anySplit(bytes))
    );
    fc.assert(
      fc.property(cases, ([bytes, chunks]) => {
        const whole = inspect(rule, [bytes]);
        const split = inspect(rule, chunks);
        assert.deepEqual(split.forwarded, whole.forwarded);
        assert.equal(split.done, whole.done);
        assert.equal(split.refused?.refusal, whole.refused?.refusal);
        assert.equal(split.refused?.claimed, whole.refused?.claimed);
        assert.deepEqual(
          whole.forwarded,
          bytes.slice(0, whole.forwarded.length),
        );
        if (whole.refused === undefined) return;
        const { content, claimed } = whole.refused;
        assert.ok(contentKindSchema.safeParse(content).success);
        assert.ok(attemptSchema.shape.claimed.safeParse(claimed).success);
      }),
      { numRuns: 300 },
    );
  });
}

Deno.test("a protocol that is not known lets nothing pass", () => {
  const unknown = { ...ruleOf("tcp"), protocol: "gopher" as "tcp" };
  assert.throws(() => createInspector(unknown, "example.org"), TypeError);
});

for (const protocol of CHECKED) {
  Deno.test(`${protocol}: nothing goes after a refusal`, () => {
    const inspector = createInspector(ruleOf(protocol), "example.org");
    const { refused } = inspector.push(bytesOf("\0\0\0 no protocol"));
    assert.deepEqual(refused, {
      refusal: "wrong-protocol",
      content: "binary",
      claimed: null,
    });
    const later = inspector.push(bytesOf("SSH-2.0-late\r\n"));
    assert.deepEqual(later, {
      forward: new Uint8Array(0),
      done: false,
      refused,
    });
    assert.equal(inspector.end(), refused);
  });
}

Deno.test("the declared name is the one asked for, below a wildcard", () => {
  const rule = { host: "*.example.org", port: 80, protocol: "http" } as const;
  const inspector = createInspector(rule, "a.example.org");
  const good = bytesOf("GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n");
  assert.equal(inspector.push(good).refused, undefined);
  const other = bytesOf("GET / HTTP/1.1\r\nHost: b.example.org\r\n\r\n");
  assert.equal(inspector.push(other).refused?.refusal, "name-mismatch");
});
