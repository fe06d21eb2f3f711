import { deepEqual, equal, match, throws } from "node:assert/strict";
import { SpecError } from "../spec/problem.ts";
import { parseBuildSpec } from "../spec/parse.ts";
import { applyConfig, type ConfiguredSpec } from "./apply_config.ts";
import { parseUserConfig } from "./user_config.ts";

const minimal =
  "worker-image: worker.img\nsource: .\nworkspace: ws\nbuild: make\n";

function apply(resources: string, config = ""): ConfiguredSpec {
  const path = "/project/spec.yaml";
  const text = `${minimal}resources:\n${resources}`;
  return applyConfig(
    { path, ...parseBuildSpec(text, path), digest: "" },
    parseUserConfig(config, "/home/me/config.yaml"),
  );
}

function mistakesOf(action: () => unknown): string[] {
  let problems: SpecError["problems"] = [];
  throws(action, (error) => {
    if (!(error instanceof SpecError)) throw error;
    equal(error.exitCode, 2);
    problems = error.problems;
    return true;
  });
  return problems.map(({ line, column, message, hint }) =>
    `${line}:${column}: ${message} (${hint})`
  );
}

const mostOfAll = `resources:
  max:
    cpus: 2
    memory: 1 GiB
    disk: 2 GiB
    cpu-time: 1 h
    wall-time: 30 min
    boot-timeout: 1 min
    log: 1 MiB
    bandwidth:
      rate: 1 Mbit/s
      total: 10 MiB
`;

Deno.test("every limit of a spec has its cap, and a spec may go up to it", () => {
  const atTheCap = mostOfAll.split("\n").slice(2).map((line) => line.slice(2))
    .join("\n");
  equal(apply(atTheCap, mostOfAll).spec.resources.cpus, 2);
  const beyond = `  cpus: 3
  memory: 1025 MiB
  disk: 2049 MiB
  cpu-time: 61 min
  wall-time: 31 min
  boot-timeout: 61 s
  log: 1025 KiB
  bandwidth:
    rate: 1.1 Mbit/s
    total: 10.1 MiB
`;
  const where = "Your configuration caps it at /home/me/config.yaml";
  deepEqual(mistakesOf(() => apply(beyond, mostOfAll)), [
    `6:9: Expected at most 2 for "resources.cpus", got 3 (${where}:3:11)`,
    `7:11: Expected at most "1 GiB" for "resources.memory", got "1025 MiB" (${where}:4:13)`,
    `8:9: Expected at most "2 GiB" for "resources.disk", got "2049 MiB" (${where}:5:11)`,
    `9:13: Expected at most "1 h" for "resources.cpu-time", got "61 min" (${where}:6:15)`,
    `10:14: Expected at most "30 min" for "resources.wall-time", got "31 min" (${where}:7:16)`,
    `11:17: Expected at most "1 min" for "resources.boot-timeout", got "61 s" (${where}:8:19)`,
    `12:8: Expected at most "1 MiB" for "resources.log", got "1025 KiB" (${where}:9:10)`,
    `14:11: Expected at most "1 Mbit/s" for "resources.bandwidth.rate", got "1.1 Mbit/s" (${where}:11:13)`,
    `15:12: Expected at most "10 MiB" for "resources.bandwidth.total", got "10.1 MiB" (${where}:12:14)`,
  ]);
});

Deno.test("a spec that says nothing gets no more than the caps", () => {
  const { spec, maxCpus, data } = apply("  cpu-time: 1 min\n", mostOfAll);
  deepEqual(spec.resources, {
    cpus: undefined,
    memoryBytes: 1024 ** 3,
    diskBytes: 2 * 1024 ** 3,
    cpuTimeSeconds: 60,
    wallTimeSeconds: 1800,
    bootTimeoutSeconds: 60,
    logBytes: 1024 ** 2,
    networkBitsPerSecond: 1e6,
    networkBytes: 10 * 1024 ** 2,
  });
  equal(maxCpus, 2);
  deepEqual(data.resources, { "cpu-time": "1 min" });
});

Deno.test("a cap above what holds by default raises nothing", () => {
  const without = apply("  cpus: 1\n");
  const { spec, maxCpus } = apply(
    "  cpus: 1\n",
    "resources: { max: { memory: 8 GiB, disk: 1 TiB, wall-time: 2 d } }\n",
  );
  deepEqual(spec.resources, without.spec.resources);
  equal(maxCpus, undefined);
});

Deno.test("what harms a machine needs the user's word", () => {
  const wish = "  disk: 65 GiB\n  wall-time: 25 h\n  log: 2 GiB\n";
  const how = (key: string) =>
    `Your configuration can allow more, with \`resources.max.${key}\``;
  deepEqual(mistakesOf(() => apply(wish)), [
    `6:9: Expected at most "60 GiB" for "resources.disk", got "65 GiB" (${
      how("disk")
    })`,
    `7:14: Expected at most "1 d" for "resources.wall-time", got "25 h" (${
      how("wall-time")
    })`,
    `8:8: Expected at most "1 GiB" for "resources.log", got "2 GiB" (${
      how("log")
    })`,
  ]);
  const allowed = "max: { disk: 1 TiB, wall-time: 2 d, log: 2 GiB }";
  equal(
    apply(wish, `resources: { ${allowed} }\n`).spec.resources.logBytes,
    2 * 1024 ** 3,
  );
  // What the user gives all builds, a spec may ask for.
  const given = "disk: 1 TiB, wall-time: 2 d, log: 2 GiB";
  equal(
    apply(wish, `resources: { ${given} }\n`).spec.resources.logBytes,
    2 * 1024 ** 3,
  );
});

Deno.test("what no machine gives is a mistake of the spec", () => {
  for (
    const [wish, most] of [
      ["disk: 16 TiB", "4 TiB"],
      ["wall-time: 31 d", "30 d"],
      ["log: 1 TiB", "64 GiB"],
    ]
  ) {
    const [message] = mistakesOf(() => apply(`  ${wish}\n`));
    match(message!, new RegExp(`of at most ${most} for `));
  }
});
