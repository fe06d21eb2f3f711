import assert from "node:assert/strict";
import fc from "fast-check";
import type { EgressRule } from "./egress_rule.ts";
import { Allowlist } from "./allowlist.ts";

const https = (host: string): EgressRule => ({
  host,
  port: 443,
  protocol: "https",
});

Deno.test("a rule allows its name, port and protocol together", () => {
  const rule = https("example.org");
  const allowlist = new Allowlist([rule]);
  assert.equal(allowlist.match(https("example.org")), rule);
  for (
    const other of [
      https("example.com"),
      https("a.example.org"),
      https("org"),
      https("EXAMPLE.ORG"),
      https("example.org."),
      https(""),
      { ...rule, port: 80 },
      { ...rule, protocol: "tcp" as const },
    ]
  ) assert.equal(allowlist.match(other), undefined, JSON.stringify(other));
});

Deno.test("a wildcard allows names below its own, at any depth", () => {
  const rule = https("*.example.org");
  const allowlist = new Allowlist([rule]);
  assert.equal(allowlist.match(https("a.example.org")), rule);
  assert.equal(allowlist.match(https("b.a.example.org")), rule);
  for (
    const host of [
      "example.org",
      ".org",
      "anexample.org",
      "*.example.org",
      "a.example.org.evil.test",
    ]
  ) assert.equal(allowlist.match(https(host)), undefined, host);
});

Deno.test("a wildcard never allows an address", () => {
  const allowlist = new Allowlist([https("*.0.0.1"), https("*.1")]);
  for (const host of ["127.0.0.1", "10.0.0.1", "127.0x1", "127.0.0.0x1"]) {
    assert.equal(allowlist.match(https(host)), undefined, host);
  }
});

Deno.test("the name itself counts before a wildcard", () => {
  const [wildcard, name] = [https("*.example.org"), https("a.example.org")];
  assert.equal(
    new Allowlist([wildcard, name]).match(https("a.example.org")),
    name,
  );
});

Deno.test("an empty allowlist allows nothing", () => {
  fc.assert(fc.property(fc.domain(), (host) => {
    assert.equal(new Allowlist([]).match(https(host)), undefined);
  }));
});

const label = fc.constantFrom("a", "b", "c", "1", "0x1");
const name = fc.array(label, { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join("."));
const rule = fc.record({
  host: fc.oneof(name, name.map((name) => `*.${name}`)),
  port: fc.constantFrom(80, 443),
  protocol: fc.constantFrom("https" as const, "tcp" as const),
});

Deno.test("a look-up agrees with trying every rule", () => {
  fc.assert(fc.property(fc.array(rule), name, (rules, host) => {
    const isAddress = /(^|\.)(1|0x1)$/.test(host);
    const allowing = rules.filter((rule) =>
      rule.host.startsWith("*.") && !isAddress
        ? host.endsWith(rule.host.slice(1))
        : host === rule.host
    );
    const allowlist = new Allowlist(rules);
    const found = allowlist.match(https(host));
    const expected = allowing.some(({ port, protocol }) =>
      port === 443 && protocol === "https"
    );
    assert.equal(found !== undefined, expected);
    assert.deepEqual(
      new Set(allowlist.rulesFor(host).map(({ port }) => port)),
      new Set(allowing.map(({ port }) => port)),
    );
  }));
});

Deno.test("what a name is served by is what it is dialed by", () => {
  fc.assert(fc.property(fc.array(rule), name, (rules, host) => {
    const allowlist = new Allowlist(rules);
    for (const rule of allowlist.rulesFor(host)) {
      assert.equal(allowlist.match({ ...rule, host }), rule);
    }
  }));
});

Deno.test("wildcardFor() tells what a name is below, unless it is declared", () => {
  const allowlist = new Allowlist([
    https("*.example.org"),
    https("*.b.example.org"),
    https("a.example.org"),
  ]);
  assert.equal(allowlist.wildcardFor("c.example.org"), ".example.org");
  assert.equal(allowlist.wildcardFor("c.b.example.org"), ".b.example.org");
  assert.equal(allowlist.wildcardFor("a.example.org"), undefined);
  assert.equal(allowlist.wildcardFor("example.org"), undefined);
});

const tcp = (host: string, port: number): EgressRule => ({
  host,
  port,
  protocol: "tcp",
});

Deno.test("rulesFor() finds a name's rules, one for each port", () => {
  const allowlist = new Allowlist([
    tcp("a.test", 80),
    tcp("a.test", 443),
    tcp("*.test", 443),
    tcp("*.test", 22),
  ]);
  assert.deepEqual(allowlist.names, ["a.test"]);
  assert.deepEqual(allowlist.rulesFor("a.test"), [
    tcp("a.test", 80),
    tcp("a.test", 443),
    tcp("*.test", 22),
  ]);
  assert.deepEqual(allowlist.rulesFor("x.y.test"), [
    tcp("*.test", 443),
    tcp("*.test", 22),
  ]);
});

Deno.test("rulesFor() finds nothing for a name that only looks alike", () => {
  const allowlist = new Allowlist([tcp("a.test", 80), tcp("*.b.test", 80)]);
  for (
    const name of ["b.test", ".b.test", "xb.test", "a.test.evil", "", "A.TEST"]
  ) {
    assert.deepEqual(allowlist.rulesFor(name), [], name);
  }
});
