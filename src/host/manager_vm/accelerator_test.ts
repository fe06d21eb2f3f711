import assert from "node:assert/strict";
import { ContractorError } from "../../shared/errors.ts";
import {
  chooseAccelerator,
  type KvmFacts,
  parseAcceleratorChoice,
} from "./accelerator.ts";

const works: KvmFacts = { usable: true, nested: true };
const notNested: KvmFacts = { usable: true, nested: false };
const closed: KvmFacts = { usable: false, reason: "Permission denied" };

Deno.test("auto and kvm use KVM where it truly works", async () => {
  for (const choice of ["auto", "kvm"] as const) {
    assert.equal(
      await chooseAccelerator(choice, () => Promise.resolve(works)),
      "kvm",
    );
  }
});

Deno.test("an unusable KVM is an error that names the way out", async () => {
  const cases = [[notNested, "kvm-not-nested"], [closed, "kvm-unusable"]];
  for (const [facts, code] of cases as [KvmFacts, string][]) {
    for (const choice of ["auto", "kvm"] as const) {
      await assert.rejects(
        chooseAccelerator(choice, () => Promise.resolve(facts)),
        (error) =>
          error instanceof ContractorError && error.code === code &&
          error.exitCode === 3 && error.hint!.includes("--accel tcg") &&
          error.hint!.includes("CONTRACTOR_ACCEL=tcg"),
      );
    }
  }
});

Deno.test("emulation is chosen without asking KVM", async () => {
  const chosen = await chooseAccelerator("tcg", () => {
    throw new Error("asked");
  });
  assert.equal(chosen, "tcg");
});

Deno.test("another accelerator is a usage error", () => {
  assert.equal(parseAcceleratorChoice("auto"), "auto");
  assert.throws(() => parseAcceleratorChoice("xen"), {
    code: "accelerator-unknown",
    exitCode: 2,
  });
});
