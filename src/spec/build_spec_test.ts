import { deepEqual, equal } from "node:assert/strict";
import { checkPaths, toBuildSpec } from "./build_spec.ts";
import type { SpecData } from "./schema.ts";

const minimal: SpecData = {
  "worker-image": "worker.img",
  source: ".",
  workspace: "ws",
  build: "make\n",
};

Deno.test("toBuildSpec applies every default", () => {
  deepEqual(toBuildSpec(minimal, "/project/spec.yaml"), {
    name: "spec.yaml",
    workerImage: "worker.img",
    source: ".",
    workspace: "ws",
    paths: {
      folder: "/project",
      workerImage: "/project/worker.img",
      source: "/project",
      workspace: "/project/ws",
    },
    ansible: undefined,
    build: "make\n",
    resources: {
      cpus: undefined,
      memoryBytes: 2 * 1024 ** 3,
      diskBytes: 20 * 1024 ** 3,
      cpuTimeSeconds: undefined,
      wallTimeSeconds: 7200,
      bootTimeoutSeconds: 600,
      logBytes: 64 * 1024 ** 2,
      networkBitsPerSecond: undefined,
      networkBytes: undefined,
    },
    network: { prepare: undefined, build: [] },
  });
});

Deno.test("toBuildSpec tells no hosts from the default hosts", () => {
  const spec = toBuildSpec({ ...minimal, network: { prepare: [] } }, "a.yaml");
  deepEqual(spec.network.prepare, []);
});

Deno.test("checkPaths refuses a workspace that holds what the user wrote", () => {
  const check = (paths: Partial<SpecData>) =>
    checkPaths(
      toBuildSpec({ ...minimal, ...paths }, "/project/spec.yaml"),
      "/project/spec.yaml",
    ).map(({ message }) => message.split(", which ")[1]);
  deepEqual(check({ workspace: "." }), ["holds the source tree"]);
  deepEqual(check({ workspace: "/" }), ["holds the source tree"]);
  deepEqual(check({ source: "src", workspace: "./src/" }), [
    "holds the source tree",
  ]);
  deepEqual(check({ source: "/src", "worker-image": "ws/worker.img" }), [
    "holds the worker image",
  ]);
  deepEqual(check({ source: "src", workspace: "." }), [
    "holds the source tree",
  ]);
  deepEqual(
    check({ source: "/src", "worker-image": "/w.img", workspace: "." }),
    ["holds the build spec"],
  );
  equal(check({ workspace: "..ws" }).length, 0);
  equal(check({ workspace: "../ws" }).length, 0);
  equal(check({ source: "src", workspace: "src/ws" }).length, 0);
});
