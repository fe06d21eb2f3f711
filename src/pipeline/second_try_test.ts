import assert from "node:assert/strict";
import { EnvironmentError, NetworkViolationError } from "../errors.ts";
import type { Pipeline } from "./pipeline.ts";
import { deservesSecondTry, type Retry, tryTwice } from "./second_try.ts";

const death = new EnvironmentError("manager-worker-died", "The worker ended", {
  detail: "\x1b[2JKernel panic",
});
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
  ];
  for (const code of codes) {
    const error = new EnvironmentError(`manager-${code}`, "No");
    assert.ok(!deservesSecondTry(error, emulated), code);
  }
  assert.ok(!deservesSecondTry(new NetworkViolationError("No"), emulated));
  assert.ok(!deservesSecondTry(new Error("manager-worker-died"), emulated));
});

/** A pipeline, and what was done with it. */
function recorded(accelerator: string, violation?: Error) {
  const done: string[] = [];
  const retries: Retry[] = [];
  const pipeline = {
    parts: {
      state: { manager: { accelerator }, retries },
      judge: {
        signal: new AbortController().signal,
        requireInnocence() {
          done.push("judge");
          return violation ? Promise.reject(violation) : Promise.resolve();
        },
      },
    },
    destroyWorker: (phase: string) => Promise.resolve(done.push(phase)),
    configureEgress: (rules: unknown[]) =>
      Promise.resolve(done.push(`allow ${rules.length} hosts`)),
    note: () => done.push("note"),
  } as unknown as Pipeline;
  const fail = () => {
    done.push("try");
    return Promise.reject(death);
  };
  return { pipeline, done, retries, fail };
}

Deno.test("a worker that dies is cleared away before the second try, the last one", async () => {
  const { pipeline, done, retries, fail } = recorded("tcg");
  await assert.rejects(tryTwice(pipeline, "prepare", fail), death);
  assert.deepEqual(done, [
    "try",
    "prepare",
    "allow 0 hosts",
    "judge",
    "note",
    "try",
  ]);
  assert.deepEqual(retries, [{
    phase: "prepare",
    reason: "The worker ended",
    detail: "\\x1b[2JKernel panic",
  }]);
});

Deno.test("a second try that succeeds is what counts", async () => {
  const { pipeline, done, retries, fail } = recorded("tcg");
  const attempt = () => done.length === 0 ? fail() : Promise.resolve("built");
  assert.equal(await tryTwice(pipeline, "boot", attempt), "built");
  assert.equal(retries.length, 1);
});

Deno.test("what a worker did before it died ends the build", async () => {
  const violation = new NetworkViolationError("No");
  const { pipeline, done, retries, fail } = recorded("tcg", violation);
  await assert.rejects(tryTwice(pipeline, "boot", fail), violation);
  assert.equal(done.at(-1), "judge");
  assert.deepEqual(retries, []);
});

Deno.test("with KVM there is one try", async () => {
  const { pipeline, done, retries, fail } = recorded("kvm");
  await assert.rejects(tryTwice(pipeline, "boot", fail), death);
  assert.deepEqual(done, ["try"]);
  assert.deepEqual(retries, []);
});
