import assert from "node:assert/strict";
import fc from "fast-check";
import { EnvironmentError, ExitCode } from "../../shared/errors.ts";
import { type ManagerCapacity, requireCapacity } from "./capacity.ts";

const GIBIBYTE = 1024 ** 3;

const manager: ManagerCapacity = {
  accelerator: "auto",
  cpus: 4,
  memoryBytes: 6 * GIBIBYTE,
};

function refusal(
  settings: Partial<ManagerCapacity>,
  demand: { cpus?: number; memoryBytes?: number; diskBytes?: number },
): EnvironmentError | undefined {
  try {
    requireCapacity(
      { ...manager, ...settings },
      {
        ...{ cpus: undefined, memoryBytes: GIBIBYTE, diskBytes: GIBIBYTE },
        ...demand,
      },
    );
    return undefined;
  } catch (error) {
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.code, "no-capacity");
    assert.equal(error.exitCode, ExitCode.environment);
    return error;
  }
}

Deno.test("requireCapacity() lets through what fits", () => {
  assert.equal(refusal({}, {}), undefined);
  assert.equal(refusal({}, { cpus: 4 }), undefined);
  assert.equal(refusal({ accelerator: "kvm" }, { cpus: 4 }), undefined);
  assert.equal(refusal({ accelerator: "tcg" }, { cpus: 1 }), undefined);
  assert.equal(refusal({}, { memoryBytes: 5.5 * GIBIBYTE }), undefined);
});

Deno.test("requireCapacity() refuses more processors than the manager has", () => {
  const error = refusal({}, { cpus: 5 });
  assert.equal(
    error?.message,
    "Cannot give the worker 5 processors: the manager has 4",
  );
  assert.match(error?.hint ?? "", /`resources.cpus`.* 4 or less/);
});

Deno.test("requireCapacity() knows that an emulated manager has one processor", () => {
  const error = refusal({ accelerator: "tcg" }, { cpus: 2 });
  assert.match(error?.message ?? "", /2 processors: the manager has 1$/);
  assert.match(error?.hint ?? "", /to 1, or use KVM$/);
  const never = refusal({ accelerator: "tcg" }, { cpus: 5 });
  assert.match(never?.hint ?? "", /1 or less/);
});

Deno.test("requireCapacity() refuses more memory than the manager has", () => {
  const error = refusal({}, { memoryBytes: 5.5 * GIBIBYTE + 1024 ** 2 });
  assert.equal(
    error?.message,
    "Cannot give the worker 5633 MiB of memory: the manager has 5632 MiB for workers",
  );
  assert.match(error?.hint ?? "", /`resources.memory`/);
});

Deno.test("requireCapacity() refuses more disk than builds can have", () => {
  assert.equal(refusal({}, { diskBytes: 252 * GIBIBYTE }), undefined);
  const error = refusal({}, { diskBytes: 253 * GIBIBYTE });
  assert.equal(
    error?.message,
    "Cannot give the build 253 GiB of disk: the manager has 252 GiB for builds",
  );
  assert.match(error?.hint ?? "", /`resources.disk`/);
});

Deno.test("requireCapacity() refuses all that does not fit, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("auto" as const, "kvm" as const, "tcg" as const),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 64 }),
      (accelerator, has, wants) => {
        const most = accelerator === "tcg" ? 1 : has;
        const refused = refusal({ accelerator, cpus: has }, { cpus: wants });
        assert.equal(refused !== undefined, wants > most);
      },
    ),
  );
});
