import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  egressRuleSchema,
  hostNameSchema,
} from "../shared/network/egress_rule.ts";
import { isIpv4 } from "../shared/network/host.ts";
import { protocolNames } from "../shared/network/protocols.ts";
import {
  networkSchema,
  phaseNetworkSchema,
  toEgressRules,
  toNetworkEntries,
  toPhaseNetwork,
  writeProtocol,
} from "./network.ts";

Deno.test("toEgressRules knows the port of each protocol", () => {
  deepEqual(
    toEgressRules([
      { host: "a.example", protocols: ["http", "https", "ssh", "git"] },
      { host: "*.example", protocols: ["tcp:8443"] },
    ]),
    [
      { host: "a.example", port: 80, protocol: "http" },
      { host: "a.example", port: 443, protocol: "https" },
      { host: "a.example", port: 22, protocol: "ssh" },
      { host: "a.example", port: 9418, protocol: "git" },
      { host: "*.example", port: 8443, protocol: "tcp" },
    ],
  );
});

Deno.test("toEgressRules gives each rule once", () => {
  const entries = toNetworkEntries([
    { host: "A.example", protocols: ["https", "https"] },
    { host: "a.example", protocols: ["https", "http"] },
  ]);
  deepEqual(toEgressRules(entries), [
    { host: "a.example", port: 443, protocol: "https" },
    { host: "a.example", port: 80, protocol: "http" },
  ]);
});

Deno.test("a phase without a network card is not one that reaches nothing", () => {
  deepEqual(toPhaseNetwork(phaseNetworkSchema.parse("none")), "none");
  deepEqual(toPhaseNetwork(phaseNetworkSchema.parse([])), []);
});

Deno.test("writeProtocol writes what toEgressRules reads", () => {
  for (const protocol of [...protocolNames, "tcp:443"] as const) {
    const [rule] = toEgressRules([{
      host: "a.example",
      protocols: [protocol],
    }]);
    deepEqual(writeProtocol(rule!), protocol);
  }
  deepEqual(writeProtocol({ port: 8080, protocol: "http" }), "tcp:8080");
});

Deno.test("the agent takes every host name that the schema takes", () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.string(),
    fc.stringMatching(/^[a-z0-9.*-]{0,70}$/),
    fc.integer({ min: 240, max: 260 }).map((length) => "a.".repeat(length / 2)),
  );
  fc.assert(fc.property(host, (host) => {
    const entry = { host, protocols: ["https"] };
    const { success } = networkSchema.safeParse([entry]);
    const isName = !/(^|\.)(\d+|0x[\da-f]*)$/i.test(host);
    deepEqual(
      success,
      hostNameSchema.safeParse(host.toLowerCase()).success &&
        (isName || isIpv4(host)),
    );
  }));
});

Deno.test("whatever fits the schema becomes rules that the agent accepts", () => {
  const host = fc.oneof(
    fc.domain(),
    fc.domain().map((name) => `*.${name}`),
    fc.string(),
  );
  const protocol = fc.oneof(
    fc.constantFrom(...protocolNames),
    fc.integer({ min: -1, max: 70_000 }).map((port) => `tcp:${port}`),
    fc.string(),
  );
  const entry = fc.record({
    host,
    protocols: fc.array(protocol, { maxLength: 3 }),
  });
  fc.assert(fc.property(fc.array(entry, { maxLength: 3 }), (entries) => {
    const { data } = networkSchema.safeParse(entries);
    if (data === undefined) return;
    for (const rule of toEgressRules(toNetworkEntries(data))) {
      egressRuleSchema.parse(rule);
    }
  }));
});
