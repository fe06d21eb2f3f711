import assert from "node:assert/strict";
import fc from "fast-check";
import {
  anyMutation,
  anySplit,
  bytesOf,
  inspect,
  oneByOne,
} from "./testing.ts";
import {
  captureDenoHello,
  captureNodeHello,
  hello,
  helloMessage,
  type HelloParts,
  record,
  SUPPORTED_VERSIONS,
} from "./tls_hellos.ts";

const RULE = { host: "example.org", port: 443, protocol: "https" } as const;
const ADDRESS_RULE = { ...RULE, host: "192.0.2.1" };

/** Type 23: encrypted. */
const APPLICATION_DATA = record([1, 2, 3], 23);
const CHANGE_CIPHER_SPEC = record([1], 20);
const EARLY_DATA = [42, []] as const;

const accepted: Record<string, Uint8Array> = {
  "a hello of TLS 1.2": hello(),
  "a name in capitals": hello({ names: ["Example.ORG"] }),
  "a hello of TLS 1.3": hello({ extensions: [SUPPORTED_VERSIONS] }),
  "a hello in records of one byte": Uint8Array.from(
    helloMessage().flatMap((byte) => record([byte])),
  ),
  "a long hello": Uint8Array.from(inRecords(
    helloMessage({ extensions: [[21, new Array(60_000).fill(0)]] }),
    2 ** 14,
  )),
};

for (const [title, bytes] of Object.entries(accepted)) {
  Deno.test(`${title} is let through, whole, however it is split`, () => {
    const sent = Uint8Array.of(...bytes, ...APPLICATION_DATA, 1, 2, 3);
    fc.assert(
      fc.property(anySplit(sent), (chunks) => {
        const { forwarded, done, refused } = inspect(RULE, chunks);
        assert.equal(refused, undefined);
        assert.ok(done);
        assert.ok(isSame(forwarded, sent));
      }),
      { numRuns: 30 },
    );
  });

  Deno.test(`${title} is held until its last byte`, () => {
    const { forwarded, refused } = inspect(RULE, [bytes.subarray(0, -1)]);
    assert.equal(refused?.refusal, "wrong-protocol");
    assert.equal(refused.content, "tls");
    assert.equal(forwarded.length, 0);
  });
}

const ECH = [0xfe0d, [0, 0, 1, 0, 1]] as const;

const refused: Record<string, [HelloParts, string, string | null]> = {
  "no name": [{ names: [] }, "name-missing", null],
  "no extensions": [{ withoutExtensions: true }, "name-missing", null],
  "another name": [
    { names: ["evil.example"] },
    "name-mismatch",
    "evil.example",
  ],
  "a name below": [
    { names: ["a.example.org"] },
    "name-mismatch",
    "a.example.org",
  ],
  "a dot behind the name": [
    { names: ["example.org."] },
    "name-mismatch",
    "example.org.",
  ],
  "NUL behind the name": [
    { names: ["example.org\0"] },
    "name-mismatch",
    "example.org\\x00",
  ],
  "two names": [
    { names: ["example.org", "evil.example"] },
    "name-mismatch",
    "evil.example",
  ],
  "the name twice": [
    { names: ["example.org", "example.org"] },
    "wrong-protocol",
    null,
  ],
  "an empty name": [{ names: [""] }, "wrong-protocol", null],
  "an encrypted hello": [{ extensions: [ECH] }, "name-hidden", "example.org"],
  "an encrypted hello alone": [
    { names: [], extensions: [ECH] },
    "name-hidden",
    null,
  ],
  "an encrypted hello by a draft": [
    { extensions: [[0xfe0a, [0]]] },
    "name-hidden",
    "example.org",
  ],
  "an encrypted name": [
    { names: [], extensions: [[0xffce, [1]]] },
    "name-hidden",
    null,
  ],
  "an extension twice": [
    { extensions: [[5, []], [5, []]] },
    "wrong-protocol",
    null,
  ],
  "a second list of names": [
    { extensions: [[0, [0, 4, 0, 0, 1, 0x61]]] },
    "wrong-protocol",
    null,
  ],
  "another type of name": [
    { names: [], extensions: [[0, [0, 4, 1, 0, 1, 0x61]]] },
    "wrong-protocol",
    null,
  ],
  "an empty list of names": [
    { names: [], extensions: [[0, [0, 0]]] },
    "wrong-protocol",
    null,
  ],
  "bytes behind the list of names": [
    { names: [], extensions: [[0, [0, 4, 0, 0, 1, 0x61, 0]]] },
    "wrong-protocol",
    null,
  ],
  "bytes behind the extensions": [{ trailing: [0] }, "wrong-protocol", null],
  "another major version": [{ version: 0x0203 }, "wrong-protocol", null],
};

for (const [title, [parts, refusal, claimed]] of Object.entries(refused)) {
  Deno.test(`a hello with ${title} is refused: ${refusal}`, () => {
    for (const chunks of [[hello(parts)], oneByOne(hello(parts))]) {
      const { forwarded, refused } = inspect(RULE, chunks);
      assert.deepEqual(refused, { refusal, content: "tls", claimed });
      assert.equal(forwarded.length, 0);
    }
  });
}

const malformed: Record<string, number[]> = {
  "an SSLv2 hello": [0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0],
  "an alert": record([1, 0], 21),
  "application data": APPLICATION_DATA,
  "another handshake message": record([16, 0, 0, 0]),
  "an empty record": [...record([]), ...record(helloMessage())],
  "another version of records": [22, 2, 1, 0, 0],
  "a record beyond 16 KiB": [22, 3, 1, 0x40, 1],
  "a record within the hello": [
    ...record(helloMessage().slice(0, 10)),
    ...CHANGE_CIPHER_SPEC,
    ...record(helloMessage().slice(10)),
  ],
  "a message behind the hello": record([...helloMessage(), 14, 0, 0, 0]),
  "a hello beyond 64 KiB": inRecords(
    helloMessage({ extensions: [[21, new Array(65_000).fill(0)]] }),
    100,
  ),
  "HTTP": [...bytesOf("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")],
};

for (const [title, bytes] of Object.entries(malformed)) {
  Deno.test(`${title} is refused`, () => {
    const sent = Uint8Array.from(bytes);
    for (const chunks of [[sent], oneByOne(sent)]) {
      const { forwarded, refused } = inspect(RULE, chunks);
      assert.equal(refused?.refusal, "wrong-protocol");
      assert.equal(refused.claimed, null);
      assert.equal(forwarded.length, 0);
    }
  });
}

Deno.test("a literal address needs no name, but may have no other", () => {
  const outcomes = [[], ["192.0.2.1"], ["evil.example"]].map((names) =>
    inspect(ADDRESS_RULE, [hello({ names })]).refused?.refusal
  );
  assert.deepEqual(outcomes, [undefined, undefined, "name-mismatch"]);
});

function secondHello(
  first: HelloParts,
  between: readonly (readonly number[])[],
  second: readonly number[],
) {
  const start = [hello(first), ...between.map((it) => Uint8Array.from(it))];
  const bytes = Uint8Array.from([...start, second].flatMap((it) => [...it]));
  const whole = inspect(RULE, [bytes]);
  const split = inspect(RULE, oneByOne(bytes));
  assert.equal(split.refused?.refusal, whole.refused?.refusal);
  assert.ok(isSame(split.forwarded, whole.forwarded));
  return { ...whole, held: bytes.length - whole.forwarded.length };
}

const TLS_13 = { extensions: [SUPPORTED_VERSIONS] };
const EVIL = helloMessage({ names: ["evil.example"] });

Deno.test("a second hello may ask for the same name", () => {
  const second = record(helloMessage(TLS_13));
  for (const between of [[], [CHANGE_CIPHER_SPEC]]) {
    const { refused, held, done } = secondHello(TLS_13, between, second);
    assert.deepEqual([refused, held, done], [undefined, 0, true]);
  }
});

for (
  const [title, first, between] of [
    ["at once", TLS_13, []],
    ["behind a change of ciphers", TLS_13, [CHANGE_CIPHER_SPEC]],
    ["behind alerts", TLS_13, [record([1, 90], 21), record([1, 90], 21)]],
    ["behind early data", {
      extensions: [SUPPORTED_VERSIONS, EARLY_DATA],
    }, [CHANGE_CIPHER_SPEC, APPLICATION_DATA, APPLICATION_DATA]],
  ] as const
) {
  Deno.test(`a second hello ${title} may not ask for another name`, () => {
    const second = record(EVIL);
    const outcome = secondHello(first, between, second);
    assert.equal(outcome.refused?.refusal, "name-mismatch");
    assert.equal(outcome.refused.claimed, "evil.example");
    assert.equal(outcome.held, second.length);
  });
}

Deno.test("a second hello cannot hide between other records", () => {
  const pieces = [record(EVIL.slice(0, 5)), record(EVIL.slice(5))];
  for (const between of [CHANGE_CIPHER_SPEC, record([1, 90], 21)]) {
    const second = [...pieces[0]!, ...between, ...pieces[1]!];
    const { refused } = secondHello(TLS_13, [], second);
    assert.equal(refused?.refusal, "wrong-protocol");
  }
});

Deno.test("what is encrypted may look like the start of a hello", () => {
  const finished = record([1, 0, ...new Array(38).fill(9)]);
  const rest = [...finished, ...APPLICATION_DATA];
  const { refused, held, done } = secondHello(
    TLS_13,
    [CHANGE_CIPHER_SPEC],
    rest,
  );
  assert.deepEqual([refused, held, done], [undefined, 0, true]);
});

Deno.test("the hellos of real clients are let through", async () => {
  const hellos = [
    await captureNodeHello({ servername: "example.org" }),
    await captureNodeHello({
      servername: "example.org",
      maxVersion: "TLSv1.2",
    }),
    await captureDenoHello("example.org"),
  ];
  for (const bytes of hellos) {
    const good = inspect(RULE, oneByOne(bytes));
    assert.equal(good.refused, undefined);
    assert.ok(isSame(good.forwarded, bytes));
    const other = inspect({ ...RULE, host: "example.com" }, [bytes]);
    assert.deepEqual(other.refused, {
      refusal: "name-mismatch",
      content: "tls",
      claimed: "example.org",
    });
  }
});

Deno.test("a real client's hello without a name is good for an address only", async () => {
  const bytes = await captureDenoHello("192.0.2.1");
  assert.equal(inspect(RULE, [bytes]).refused?.refusal, "name-missing");
  assert.equal(inspect(ADDRESS_RULE, [bytes]).refused, undefined);
});

Deno.test("of mutated hellos nothing is forwarded unless they are accepted", () => {
  const cases = fc.constantFrom(hello(), hello(TLS_13)).chain(anyMutation)
    .chain((bytes) => fc.tuple(fc.constant(bytes), anySplit(bytes)));
  fc.assert(
    fc.property(cases, ([bytes, chunks]) => {
      const whole = inspect(RULE, [bytes]);
      const split = inspect(RULE, chunks);
      assert.equal(split.refused?.refusal, whole.refused?.refusal);
      assert.equal(split.refused?.claimed, whole.refused?.claimed);
      assert.ok(isSame(split.forwarded, whole.forwarded));
      if (whole.done) assert.equal(whole.forwarded.length, bytes.length);
      if (whole.forwarded.length > 0) {
        const text = String.fromCharCode(...whole.forwarded).toLowerCase();
        assert.ok(text.includes("\0\x0bexample.org"));
      }
    }),
    { numRuns: 1000 },
  );
});

function inRecords(message: readonly number[], size: number): number[] {
  const records: number[][] = [];
  for (let start = 0; start < message.length; start += size) {
    records.push(record(message.slice(start, start + size)));
  }
  return records.flat();
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, n) => byte === other[n]);
}
