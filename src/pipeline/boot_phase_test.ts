import assert from "node:assert/strict";
import { EnvironmentError } from "../errors.ts";
import { FakeBuild, plainSpec, plays } from "./testing/fake_build.ts";
import { refusal } from "./testing/fake_manager.ts";

const preparedSpec = plainSpec + plays;

Deno.test("an emulated worker that dies gets a second try, and no third", async () => {
  for (const spec of [plainSpec, preparedSpec]) {
    for (const [deaths, expected] of [[1, 0], [2, 3]] as const) {
      const build = new FakeBuild({ spec });
      build.manager.accelerator = "tcg";
      build.manager.deaths = deaths;
      const { exitCode, report } = await build.run();
      assert.equal(exitCode, expected);
      assert.deepEqual(report?.retries, [{
        phase: spec === plainSpec ? "boot" : "prepare",
        reason: 'The manager cannot do "worker.boot": "worker-died"',
        detail: "console\\x1b[2J",
      }]);
      assert.deepEqual(build.leftOpen(), []);
    }
  }
});

Deno.test("with KVM a worker that dies fails the build", async () => {
  const build = new FakeBuild();
  build.manager.deaths = 1;
  const { exitCode, report } = await build.run();
  assert.equal(exitCode, 3);
  assert.equal(report?.error?.code, "manager-worker-died");
  assert.equal(report?.error?.detail, "console\\x1b[2J");
  assert.deepEqual(report?.retries, []);
});

Deno.test("a worker that dies after an attempt gets no second try", async () => {
  const build = new FakeBuild();
  build.manager.accelerator = "tcg";
  build.manager.deaths = 1;
  build.interfere = (call) => {
    if (call === "worker.boot") {
      build.manager.verdict.attempts.total = 1;
      throw refusal("worker.boot", "worker-died");
    }
  };
  const { exitCode, report } = await build.run();
  assert.equal(exitCode, 5);
  assert.deepEqual(report?.retries, []);
});

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
