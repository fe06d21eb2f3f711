import { deepEqual, throws } from "node:assert/strict";
import type { LoadedSpec } from "../spec/load.ts";
import { toEgressRules } from "../spec/network.ts";
import { parseBuildSpec } from "../spec/parse.ts";
import { SpecError } from "../spec/problem.ts";
import { applyConfig } from "./apply_config.ts";
import { emptyUserConfig, parseUserConfig } from "./user_config.ts";

const minimal =
  "worker-image: worker.img\nsource: .\nworkspace: ws\nbuild: make\n";

function loaded(text: string): LoadedSpec {
  const path = "/project/spec.yaml";
  return { path, ...parseBuildSpec(minimal + text, path), digest: "" };
}

const config = parseUserConfig(
  `network:
  prepare: [{ host: mirror.example, protocols: [http] }]
  build: [{ host: proxy.example, protocols: [https] }]
  deny: [evil.example, "*.ads.example"]
resources:
  memory: 4 GiB
  cpu-time: 1 h
  bandwidth: { rate: 1 Mbit/s, total: 1 GiB }
`,
  "/home/me/config.yaml",
);
const mirror = { host: "mirror.example", protocols: ["http"] };
const proxy = { host: "proxy.example", protocols: ["https"] };

Deno.test("applyConfig without a configuration changes nothing", () => {
  const spec = loaded("network: { build: none }\n");
  deepEqual(applyConfig(spec, emptyUserConfig), {
    ...spec,
    denied: [],
    opened: [],
    openedHosts: [],
    addedPrepare: [],
    keepAutorun: [],
    maxCpus: undefined,
    manager: {},
    keep: emptyUserConfig.keep,
  });
});

Deno.test("applyConfig adds hosts, and says what goes with the repositories", () => {
  const { spec, addedPrepare, denied } = applyConfig(loaded(""), config);
  deepEqual(spec.network, { prepare: undefined, build: [proxy] });
  deepEqual(addedPrepare, [mirror]);
  deepEqual(denied, ["evil.example", "*.ads.example"]);
});

Deno.test("applyConfig adds hosts to a spec's own lists", () => {
  const text = `network:
  prepare: []
  build: [{ host: a.example, protocols: [ssh] }]
`;
  const { spec, addedPrepare } = applyConfig(loaded(text), config);
  deepEqual(spec.network, {
    prepare: [mirror],
    build: [{ host: "a.example", protocols: ["ssh"] }, proxy],
  });
  deepEqual(addedPrepare, []);
});

Deno.test("applyConfig gives no network card to a phase that wants none", () => {
  const text = "network: { prepare: none, build: none }\n";
  const { spec, addedPrepare } = applyConfig(loaded(text), config);
  deepEqual(spec.network, { prepare: "none", build: "none" });
  deepEqual(addedPrepare, []);
});

Deno.test("applyConfig sets limits that the spec leaves out", () => {
  const text = "resources: { memory: 1 GiB, bandwidth: { total: 1 MiB } }\n";
  const before = loaded(text);
  const { spec, data } = applyConfig(before, config);
  deepEqual(spec.resources, {
    ...before.spec.resources,
    memoryBytes: 1024 ** 3,
    cpuTimeSeconds: 3600,
    networkBitsPerSecond: 1_000_000,
    networkBytes: 1024 ** 2,
  });
  deepEqual(data, before.data);
});

Deno.test("applyConfig tells every host that a spec may not allow, with both places", () => {
  const text = `network:
  prepare:
    - { host: "*.example", protocols: [http] }
  build:
    - { host: good.example, protocols: [http] }
    - { host: x.ads.example, protocols: [http] }
`;
  throws(() => applyConfig(loaded(text), config), (error) => {
    if (!(error instanceof SpecError)) throw error;
    deepEqual([error.exitCode, error.file, error.problems], [
      2,
      "/project/spec.yaml",
      [{
        line: 7,
        column: 15,
        message:
          'Cannot allow "*.example": your configuration denies "evil.example"',
        hint: "It is denied at /home/me/config.yaml:4:10",
      }, {
        line: 10,
        column: 15,
        message:
          'Cannot allow "x.ads.example": your configuration denies "*.ads.example"',
        hint: "It is denied at /home/me/config.yaml:4:24",
      }],
    ]);
    return true;
  });
});

/** The problems of a spec whose build commands may reach a host. */
function problemsWith(
  host: string,
  applied: { opened?: string[]; own?: string[] } = {},
  user = emptyUserConfig,
) {
  const text = `network: { build: [{ host: ${
    JSON.stringify(host)
  }, protocols: [http] }] }\n`;
  try {
    applyConfig(loaded(text), user, applied);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return error.problems;
  }
  return [];
}

Deno.test("applyConfig opens no private place at a spec's word", () => {
  const own = ["198.51.100.1"];
  for (
    const [host, what] of [
      ["127.0.0.1", "this machine itself (loopback)"],
      ["localhost", "this machine itself (loopback)"],
      ["*.localhost", "this machine itself (loopback)"],
      ["198.51.100.1", "one of this machine's own"],
      ["10.0.0.1", "in a private network"],
      ["169.254.169.254", "the cloud's metadata service"],
      ["metadata.google.internal", "the cloud's metadata service"],
    ] as const
  ) {
    deepEqual(problemsWith(host, { own }), [{
      line: 5,
      column: 28,
      message: `Cannot allow "${host}": it is ${what}`,
      hint:
        'A build spec cannot open it: you can, with --allow-private or "network.private" in your configuration',
    }]);
    deepEqual(problemsWith(host, { own, opened: [host] }), []);
  }
  for (const host of ["192.0.2.1", "198.51.100.2", "example.org"]) {
    deepEqual(problemsWith(host, { own }), []);
  }
});

Deno.test("applyConfig opens nothing that is no place", () => {
  for (const host of ["0.0.0.0", "224.0.0.1", "255.255.255.255"]) {
    const [problem] = problemsWith(host, { opened: ["0.0.0.0/0"] });
    deepEqual([problem?.line, problem?.hint], [5, undefined], host);
  }
});

Deno.test("applyConfig heeds the user's word of both kinds, and a denial above", () => {
  const user = parseUserConfig(
    `network: { private: [10.0.0.0/8, Mirror.example], deny: [10.0.1.0/24] }\n`,
    "config.yaml",
  );
  deepEqual(problemsWith("10.0.0.1", {}, user), []);
  deepEqual(problemsWith("192.168.0.1", {}, user).length, 1);
  deepEqual(problemsWith("192.168.0.1", { opened: ["192.168.0.1"] }, user), []);
  deepEqual(problemsWith("10.0.1.1", { opened: ["10.0.1.1"] }, user), [{
    line: 5,
    column: 28,
    message: 'Cannot allow "10.0.1.1": your configuration denies "10.0.1.0/24"',
    hint: "It is denied at config.yaml:1:58",
  }]);
  const text = `network:
  build:
    - { host: 10.0.0.1, protocols: [http] }
    - { host: mirror.example, protocols: [http, https] }
    - { host: example.org, protocols: [http] }
`;
  const { opened, openedHosts } = applyConfig(loaded(text), user, {
    opened: ["fd00::/8"],
  });
  deepEqual(opened, ["10.0.0.0/8", "mirror.example", "fd00::/8"]);
  deepEqual(openedHosts, ["10.0.0.1", "mirror.example"]);
});

Deno.test("the longest lists together are what the manager accepts", () => {
  const protocols = Array.from({ length: 16 }, (_, n) => `tcp:${n + 1}`);
  const list = (count: number, domain: string) =>
    Array.from({ length: count }, (_, n) => ({
      host: `h${n}.${domain}`,
      protocols,
    }));
  const { spec } = applyConfig(
    loaded(`network: ${JSON.stringify({ build: list(100, "spec") })}\n`),
    parseUserConfig(
      JSON.stringify({ network: { build: list(25, "config") } }),
      "config.yaml",
    ),
  );
  const { build } = spec.network;
  deepEqual(build === "none" ? 0 : toEgressRules(build).length, 2000);
});
