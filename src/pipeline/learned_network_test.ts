import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import type { EgressRule } from "../shared/rpc/protocol.ts";
import {
  type NetworkEntry,
  type PhaseNetwork,
  toEgressRules,
} from "../spec/network.ts";
import { parseBuildSpec } from "../spec/parse.ts";
import { formatLearnedNetwork, formatNetwork } from "./learned_network.ts";

const minimal =
  "worker-image: worker.img\nsource: .\nworkspace: ws\nbuild: make\n";

/** What a spec with the section may reach. */
function parse(section: string) {
  return parseBuildSpec(minimal + section, "spec.yaml").spec.network;
}

const rule = (
  host: string,
  port: number,
  protocol: EgressRule["protocol"],
): EgressRule => ({ host, port, protocol });

Deno.test("what was learned is merged with what is declared, sorted", () => {
  const text = formatLearnedNetwork({
    prepare: undefined,
    build: [
      { host: "z.example.org", protocols: ["tcp:8443", "https"] },
      { host: "*.example.org", protocols: ["http"] },
    ],
  }, {
    prepare: [],
    build: [
      rule("z.example.org", 80, "http"),
      rule("example.net", 22, "ssh"),
      rule("example.net", 9418, "git"),
      rule("z.example.org", 99, "tcp"),
      rule("z.example.org", 443, "https"),
    ],
  });
  equal(
    text,
    `network:
  build:
    - host: "*.example.org"
      protocols: [http]
    - host: example.net
      protocols: [ssh, git]
    - host: z.example.org
      protocols: [http, https, "tcp:99", "tcp:8443"]
`,
  );
});

Deno.test("a list for the playbook holds the repositories that it replaces", () => {
  const repositories = [rule("mirror.example.org", 80, "http")];
  const declared = { prepare: undefined, build: [] };
  const learn = (prepare: EgressRule[]) =>
    formatLearnedNetwork(declared, { prepare, build: [] }, repositories);
  equal(learn([]), "network:\n  build: []\n");
  deepEqual(parse(learn([rule("b.example.org", 443, "https")])).prepare, [
    { host: "b.example.org", protocols: ["https"] },
    { host: "mirror.example.org", protocols: ["http"] },
  ]);
});

Deno.test("phases without hosts stay as they are declared", () => {
  const nothing = { prepare: [], build: [] };
  const learn = (prepare: PhaseNetwork | undefined, build: PhaseNetwork) =>
    parse(formatLearnedNetwork({ prepare, build }, nothing));
  deepEqual(learn("none", []), { prepare: "none", build: [] });
  deepEqual(learn([], "none"), { prepare: [], build: "none" });
  deepEqual(learn(undefined, "none"), { prepare: undefined, build: "none" });
});

Deno.test("formatNetwork leaves out phases without hosts", () => {
  const build: NetworkEntry[] = [{ host: "no", protocols: ["https"] }];
  equal(
    formatNetwork({ prepare: [], build }),
    'network:\n  build:\n    - host: "no"\n      protocols: [https]\n',
  );
  equal(formatNetwork({ prepare: [], build: [] }), "network: {}\n");
});

Deno.test("the section allows what is declared and learned, and nothing else", () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.constantFrom(
      "no",
      "null",
      "e",
      "a.b",
      "1.e-5",
      "xn--a",
      "1e3.e",
      "0x1.a",
    ),
  );
  const learnedRule = fc.oneof(
    fc.record({ host, port: fc.constant(443), protocol: fc.constant("https") }),
    fc.record({
      host,
      port: fc.integer({ min: 1, max: 65_535 }),
      protocol: fc.constant("tcp"),
    }),
  ) as fc.Arbitrary<EgressRule>;
  const learned = fc.array(learnedRule, { maxLength: 40 });
  const declared = fc.array(
    fc.record({
      host: fc.oneof(host, fc.domain().map((name) => `*.${name}`)),
      protocols: fc.constant(["git" as const]),
    }),
    { maxLength: 5 },
  );
  const ruleSet = (network: PhaseNetwork | undefined) =>
    new Set(
      toEgressRules(network === "none" ? [] : network ?? [])
        .map((rule) => JSON.stringify([rule.host, rule.port, rule.protocol])),
    );
  const given = (entries: NetworkEntry[], rules: EgressRule[]) =>
    new Set([
      ...ruleSet(entries),
      ...rules.map(({ host, port, protocol }) =>
        JSON.stringify([host, port, protocol])
      ),
    ]);
  fc.assert(
    fc.property(declared, learned, learned, (entries, prepare, build) => {
      const section = formatLearnedNetwork(
        { prepare: entries, build: entries },
        { prepare, build },
      );
      const network = parse(section);
      deepEqual(ruleSet(network.prepare), given(entries, prepare));
      deepEqual(ruleSet(network.build), given(entries, build));
    }),
  );
});

Deno.test("a host with very many ports is still a valid section", () => {
  const build = Array.from(
    { length: 40 },
    (_, n) => rule("a.example.org", 1000 + n, "tcp"),
  );
  const section = formatLearnedNetwork(
    { prepare: undefined, build: [] },
    { prepare: [], build },
  );
  const network = parse(section).build;
  deepEqual(toEgressRules(network === "none" ? [] : network), build);
});
