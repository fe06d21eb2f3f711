import assert from "node:assert/strict";
import fc from "fast-check";
import type { EgressRule } from "../network/egress_rule.ts";
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

Deno.test("a look-up agrees with trying every rule", () => {
  const label = fc.constantFrom("a", "b", "c");
  const name = fc.array(label, { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join("."));
  const pattern = fc.tuple(fc.boolean(), name)
    .map(([wild, host]) => https(wild ? `*.${host}` : host));
  fc.assert(fc.property(fc.array(pattern), name, (rules, host) => {
    const expected = rules.some((rule) =>
      rule.host.startsWith("*.")
        ? host.endsWith(rule.host.slice(1))
        : host === rule.host
    );
    const found = new Allowlist(rules).match(https(host));
    assert.equal(found !== undefined, expected);
  }));
});
