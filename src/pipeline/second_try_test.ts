import assert from "node:assert/strict";
import { EnvironmentError, NetworkViolationError } from "../shared/errors.ts";
import { deservesSecondTry } from "./second_try.ts";
import { FakeBuild, plainSpec, plays } from "./testing/fake_build.ts";
import { refusal } from "./testing/fake_manager.ts";

const death = new EnvironmentError("manager-worker-died", "The worker ended", {
  detail: "\x1b[2JKernel panic",
});
const preparedSpec = plainSpec + plays;
const emulated = { accelerator: "tcg", isOver: false };

Deno.test("only an emulated worker that died by itself is tried again", () => {
  assert.ok(deservesSecondTry(death, emulated));
  for (const accelerator of ["kvm", undefined]) {
    assert.ok(!deservesSecondTry(death, { ...emulated, accelerator }));
  }
  assert.ok(!deservesSecondTry(death, { ...emulated, isOver: true }));
});

Deno.test("no other failure is tried again", () => {
  const codes = [
    "boot-failed",
    "violation",
    "runner-protocol",
    "seal-failed",
    "disk-full",
    "internal",
  ] as const;
  for (const code of codes) {
    const error = new EnvironmentError(`manager-${code}`, "No");
    assert.ok(!deservesSecondTry(error, emulated), code);
  }
  assert.ok(!deservesSecondTry(new NetworkViolationError("No"), emulated));
  assert.ok(!deservesSecondTry(new Error("manager-worker-died"), emulated));
});

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

Deno.test("a worker that dies is cleared away before the second try", async () => {
  const build = new FakeBuild({ spec: preparedSpec });
  build.manager.accelerator = "tcg";
  let deaths = 0;
  build.interfere = (call) => {
    if (call !== "worker.run prepare" || deaths++ > 0) return;
    throw refusal("worker.run", "worker-died");
  };
  const { exitCode, trace, report } = await build.run();
  assert.equal(exitCode, 0);
  const place = trace.indexOf("worker.run prepare");
  assert.deepEqual(trace.slice(place, place + 7), [
    "worker.run prepare",
    "worker.destroy",
    "allow 0",
    "build.verdict",
    "verdict of host",
    "worker.boot",
    "worker.repositories",
  ]);
  // Both workers' together.
  assert.equal(report?.usage.prepare?.cpuSeconds, 4);
  assert.deepEqual(build.leftOpen(), []);
});
