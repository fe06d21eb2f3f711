import assert from "node:assert/strict";
import { EnvironmentError } from "../shared/errors.ts";
import { FakeBuild } from "./testing/fake_build.ts";

Deno.test("trees that cannot be packed end the build, though the worker boots", async () => {
  const build = new FakeBuild();
  build.interfere = (call) => {
    if (call === "pack") throw new EnvironmentError("tree-unreadable", "No");
  };
  const { exitCode, report, trace } = await build.run();
  assert.equal(exitCode, 3);
  assert.equal(report?.error?.code, "tree-unreadable");
  assert.ok(!trace.includes("attachDisk b1-trees"));
  assert.equal(build.trees.workspace, "earlier");
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("a worker that does not boot ends the packing", async () => {
  const build = new FakeBuild();
  const packing = Promise.withResolvers<AbortSignal>();
  build.trees.pack = (_params, signal) => {
    packing.resolve(signal);
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  };
  build.manager.deaths = 1;
  const { report } = await build.run();
  assert.equal(report?.error?.code, "manager-worker-died");
  assert.ok((await packing.promise).aborted);
  assert.deepEqual(build.leftOpen(), []);
});
