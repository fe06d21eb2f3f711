import assert from "node:assert/strict";
import type { EgressRule } from "../../src/network/egress_rule.ts";
import { Allowlist } from "./allowlist.ts";

const rule = (host: string, port: number): EgressRule => ({
  host,
  port,
  protocol: "tcp",
});

Deno.test("rulesFor() finds a name's rules, one for each port", () => {
  const allowlist = new Allowlist([
    rule("a.test", 80),
    rule("a.test", 443),
    rule("*.test", 443),
    rule("*.test", 22),
  ]);
  assert.deepEqual(allowlist.names, ["a.test"]);
  assert.deepEqual(allowlist.rulesFor("a.test"), [
    rule("a.test", 80),
    rule("a.test", 443),
    rule("*.test", 22),
  ]);
  assert.deepEqual(allowlist.rulesFor("x.y.test"), [
    rule("*.test", 443),
    rule("*.test", 22),
  ]);
});

Deno.test("rulesFor() finds nothing for a name that only looks alike", () => {
  const allowlist = new Allowlist([rule("a.test", 80), rule("*.b.test", 80)]);
  for (
    const name of ["b.test", ".b.test", "xb.test", "a.test.evil", "", "A.TEST"]
  ) {
    assert.deepEqual(allowlist.rulesFor(name), [], name);
  }
});
