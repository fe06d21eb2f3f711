import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMIT_CODES } from "../shared/error_codes.ts";
import {
  type Attempt,
  attemptSchema,
  contentKindSchema,
  limitNameSchema,
  refusalSchema,
  type Verdict,
} from "../shared/rpc/verdict.ts";
import { isHost } from "../shared/network/host.ts";
import { networkEntrySchema } from "../spec/network.ts";
import {
  describeAttempt,
  entryFor,
  limitCode,
  toViolations,
  violationError,
} from "./violations.ts";

const attempt: Attempt = {
  time: "2026-01-01T00:00:00.000Z",
  protocol: "dns",
  refusal: "name-not-allowed",
  host: "evil.example",
  address: null,
  port: 53,
  content: "dns",
  claimed: null,
  count: 1,
};

/** An attempt at an address. */
const wanted = {
  refusal: "destination-not-allowed",
  protocol: "http",
  host: null,
  port: 80,
  content: null,
} as const;

const innocent: Verdict = {
  attempts: { total: 0, records: [] },
  limit: null,
};

Deno.test("a build that did nothing wrong has no violations", () => {
  const violations = toViolations([innocent, innocent], "build");
  assert.equal(violationError(violations), undefined);
});

Deno.test("an attempt ends a build with exit code 5, and how to allow it", () => {
  const verdict = { ...innocent, attempts: { total: 3, records: [attempt] } };
  const violations = toViolations([verdict, innocent], "build");
  assert.deepEqual(violations.network.records[0]!.allowedBy, {
    host: "evil.example",
    protocols: ["https"],
  });
  const error = violationError(violations);
  assert.equal(error?.code, "network-violation");
  assert.equal(error?.exitCode, 5);
  assert.match(error!.message, /3 times/);
  assert.match(error!.detail!, /evil\.example, dns: no rule allows the name/);
  assert.match(error!.detail!, /network:\n {2}build:\n/);
});

Deno.test("what the playbook tried is allowed for the playbook", () => {
  const verdict = { ...innocent, attempts: { total: 1, records: [attempt] } };
  const error = violationError(toViolations([verdict], "prepare"));
  assert.match(error!.detail!, /network:\n {2}prepare:\n/);
});

Deno.test("a limit ends a build with exit code 4, and its overshoot", () => {
  const limit = { limit: "disk", allowed: 1024, measured: 2048 } as const;
  const violations = toViolations([{ ...innocent, limit }], "build");
  assert.deepEqual(violations.limits, [
    { ...limit, overshoot: 1024, phase: "build" },
  ]);
  const error = violationError(violations);
  assert.equal(error?.code, "disk-limit");
  assert.equal(error?.exitCode, 4);
  assert.match(error!.message, /disk space: 2 KiB of 1 KiB/);
  assert.match(error!.hint!, /resources\.disk/);
});

Deno.test("an attempt counts more than a limit", () => {
  const limit = { limit: "log", allowed: 1, measured: 2 } as const;
  const verdict = { attempts: { total: 1, records: [attempt] }, limit };
  assert.equal(violationError(toViolations([verdict], "build"))?.exitCode, 5);
});

Deno.test("entryFor() says what would allow an attempt", () => {
  const cases: [Partial<Attempt>, string | undefined][] = [
    [{ host: "single" }, undefined],
    [{ host: "UPPER_case.example" }, undefined],
    [
      {
        refusal: "name-mismatch",
        protocol: "https",
        port: 443,
        claimed: "b.example",
      },
      "b.example https",
    ],
    [
      {
        refusal: "destination-not-allowed",
        protocol: "tcp",
        host: null,
        address: "192.0.2.1",
        port: 22,
      },
      "192.0.2.1 ssh",
    ],
    [
      { refusal: "destination-not-allowed", protocol: "tcp", port: 8080 },
      "evil.example tcp:8080",
    ],
    [{ refusal: "destination-not-allowed", protocol: "udp" }, undefined],
    [
      {
        refusal: "wrong-protocol",
        protocol: "https",
        port: 443,
        content: "ssh",
      },
      "evil.example tcp:443",
    ],
    [{ refusal: "packet-not-allowed", protocol: "icmp" }, undefined],
  ];
  for (const [changes, expected] of cases) {
    const entry = entryFor({ ...attempt, ...changes });
    assert.equal(
      entry && `${entry.host} ${entry.protocols.join()}`,
      expected,
      JSON.stringify(changes),
    );
  }
});

Deno.test("no advice leads to a private place: it is told what is there", () => {
  const cases: [Partial<Attempt>, RegExp][] = [
    [
      { ...wanted, address: "169.254.169.254" },
      /no rule allows the destination; 169\.254\.169\.254 is the cloud's meta/,
    ],
    [
      { ...wanted, address: "10.0.0.1" },
      /10\.0\.0\.1 is in a private network$/,
    ],
    [{ host: "metadata.google.internal" }, /internal is the cloud's metadata/],
    [{ host: "db.localhost" }, /db\.localhost is this machine itself/],
    [
      {
        ...wanted,
        refusal: "name-mismatch",
        host: "a.example",
        claimed: "127.0.0.1",
      },
      /asks for another host; 127\.0\.0\.1 is this machine itself/,
    ],
    [
      {
        ...wanted,
        refusal: "address-refused",
        host: "a.example",
        address: "192.168.0.1",
      },
      /a\.example \(192\.168\.0\.1\) port 80, http: 192\.168\.0\.1 is in a private/,
    ],
    [
      { ...wanted, refusal: "address-refused", address: "203.0.113.1" },
      /: the host is private, this machine's own or denied by you$/,
    ],
  ];
  for (const [changes, told] of cases) {
    const seen = { ...attempt, ...changes };
    assert.equal(entryFor(seen), undefined);
    assert.match(describeAttempt(seen), told);
    const verdict = { ...innocent, attempts: { total: 1, records: [seen] } };
    const error = violationError(toViolations([verdict], "build"));
    assert.doesNotMatch(error!.detail!, /would allow it/);
    const isLed = seen.refusal === "address-refused";
    assert.equal(/only if you open it/.test(error!.hint!), isLed);
  }
  // The control: a public address has an entry.
  const seen = { ...attempt, ...wanted, address: "192.0.2.1" };
  assert.equal(entryFor(seen)?.host, "192.0.2.1");
});

Deno.test("a synthetic address is no news beside its name", () => {
  const seen = {
    ...attempt,
    ...wanted,
    host: "a.example",
    address: "198.18.0.1",
  };
  assert.match(describeAttempt(seen), /: no rule allows the destination$/);
});

Deno.test("whatever the manager tells can be shown, and is good YAML", () => {
  const name = fc.option(
    fc.oneof(
      fc.string({
        unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) =>
          String.fromCharCode(code)
        ),
        minLength: 1,
        maxLength: 80,
      }),
      fc.domain(),
    ),
  );
  const any = fc.record<Attempt>({
    time: fc.constant(attempt.time),
    protocol: fc.constantFrom(...attemptSchema.shape.protocol.options),
    refusal: fc.constantFrom(...refusalSchema.options),
    host: name,
    address: fc.option(fc.oneof(fc.ipV4(), fc.ipV6())),
    port: fc.option(fc.nat(65_535)),
    content: fc.option(fc.constantFrom(...contentKindSchema.options)),
    claimed: name,
    count: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(any, (hostile) => {
      const line = describeAttempt(hostile);
      assert.doesNotMatch(line, /\p{Cc}/u);
      const entry = entryFor(hostile);
      if (entry === undefined) return;
      networkEntrySchema.parse(entry);
      assert.ok(isHost(entry.host));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("each limit has a code of its own", () => {
  const codes = limitNameSchema.options.map(limitCode);
  assert.equal(new Set(codes).size, codes.length);
  for (const code of codes) assert.ok(Object.hasOwn(LIMIT_CODES, code), code);
});
