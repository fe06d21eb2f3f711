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
    addedPrepare: [],
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
    bandwidth: { rateBitsPerSecond: 1_000_000, totalBytes: 1024 ** 2 },
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
