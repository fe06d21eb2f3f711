import assert from "node:assert/strict";
import { EnvironmentError, NetworkViolationError } from "../errors.ts";
import type { EgressSettings } from "../egress/egress.ts";
import type { Fact } from "./facts.ts";
import type { PhaseContext } from "./phase.ts";
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

/** A phase's context, and what was done with it. */
function recorded(violation?: Error) {
  const done: string[] = [];
  const retries: Retry[] = [];
  const context = {
    job: {
      project: {
        spec: { resources: { bandwidth: {} } },
        denied: [],
        opened: [],
      },
    },
    ports: {
      egress: {
        configure: ({ rules }: EgressSettings) =>
          Promise.resolve(done.push(`allow ${rules.length} hosts`)),
      },
    },
    workers: { destroy: () => Promise.resolve(done.push("destroy")) },
    judge: {
      signal: new AbortController().signal,
      requireInnocence() {
        done.push("judge");
        return violation ? Promise.reject(violation) : Promise.resolve();
      },
    },
    record: (fact: Fact) => fact.type === "retried" && retries.push(fact.retry),
    note: () => done.push("note"),
  } as unknown as PhaseContext;
  const fail = () => {
    done.push("try");
    return Promise.reject(death);
  };
  return { context, done, retries, fail };
}

const emulatedBoot = { phase: "boot", accelerator: "tcg" } as const;

Deno.test("a worker that dies is cleared away before the second try, the last one", async () => {
  const { context, done, retries, fail } = recorded();
  await assert.rejects(
    tryTwice(context, { phase: "prepare", accelerator: "tcg" }, fail),
    death,
  );
  assert.deepEqual(done, [
    "try",
    "destroy",
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
  const { context, done, retries, fail } = recorded();
  const attempt = () => done.length === 0 ? fail() : Promise.resolve("built");
  assert.equal(await tryTwice(context, emulatedBoot, attempt), "built");
  assert.equal(retries.length, 1);
});

Deno.test("what a worker did before it died ends the build", async () => {
  const violation = new NetworkViolationError("No");
  const { context, done, retries, fail } = recorded(violation);
  await assert.rejects(tryTwice(context, emulatedBoot, fail), violation);
  assert.equal(done.at(-1), "judge");
  assert.deepEqual(retries, []);
});

Deno.test("with KVM there is one try", async () => {
  const { context, done, retries, fail } = recorded();
  await assert.rejects(
    tryTwice(context, { phase: "boot", accelerator: "kvm" }, fail),
    death,
  );
  assert.deepEqual(done, ["try"]);
  assert.deepEqual(retries, []);
});
