import assert from "node:assert/strict";
import fc from "fast-check";
import { Allowlist as OfDialer } from "../../src/egress/allowlist.ts";
import { Allowlist } from "../../src/network/allowlist.ts";
import {
  type EgressRule,
  hostNameSchema,
} from "../../src/network/egress_rule.ts";
import { isHost } from "../../src/network/host.ts";
import { Allowlist as OfGateway } from "./allowlist.ts";

const label = fc.constantFrom("a", "b", "c", "aa", "1", "127", "0x1", "x1");
const name = fc.array(label, { minLength: 1, maxLength: 5 })
  .map((labels) => labels.join("."));
const wildcard = name.map((name) => `*.${name}`);
const ruleOf = (host: fc.Arbitrary<string>): fc.Arbitrary<EgressRule> =>
  fc.record({
    host,
    port: fc.constantFrom(80, 443, 22),
    protocol: fc.constantFrom(
      "http" as const,
      "https" as const,
      "tcp" as const,
    ),
  }, { noNullPrototype: true });

/** What a spec can have. */
const rules = fc.uniqueArray(
  ruleOf(fc.oneof(name, wildcard, fc.ipV4()).filter(isHost)),
  { maxLength: 12, selector: (rule) => JSON.stringify(rule) },
);
/** What a worker may ask for, and the manager. */
const asked = fc.oneof(name, wildcard, fc.ipV4(), fc.domain())
  .filter((host) => hostNameSchema.safeParse(host).success);

/** With a name below each wildcard. */
const near = (rules: EgressRule[]) =>
  rules.flatMap((rule) => [rule, {
    ...rule,
    host: rule.host.replace("*.", "x."),
  }]);

Deno.test("the shared allowlist says what the gateway's said", () => {
  fc.assert(
    fc.property(rules, asked, (rules, host) => {
      const [was, is] = [new OfGateway(rules), new Allowlist(rules)];
      assert.deepEqual(is.names, was.names);
      const hosts = [host, ...near(rules).map(({ host }) => host)];
      for (const name of hosts.filter((host) => !host.startsWith("*."))) {
        assert.deepEqual(is.rulesFor(name), was.rulesFor(name));
        assert.equal(is.wildcardFor(name), was.wildcardFor(name));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the shared allowlist says what the dialer's said", () => {
  fc.assert(
    fc.property(rules, ruleOf(asked), (rules, wanted) => {
      const [was, is] = [new OfDialer(rules), new Allowlist(rules)];
      for (const destination of [wanted, ...near(rules)]) {
        assert.equal(is.match(destination), was.match(destination));
      }
    }),
    { numRuns: 2000 },
  );
});
