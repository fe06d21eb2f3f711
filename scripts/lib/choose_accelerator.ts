/**
 * Prints `auto` where the manager can run on KVM and `tcg` elsewhere, with the
 * reason on standard error: what the scripts set `CONTRACTOR_ACCEL` to.
 *
 * @module
 */

import { ContractorError } from "../../src/shared/errors.ts";
import { chooseAccelerator } from "../../src/host/manager_vm/accelerator.ts";
import { probeKvm } from "../../src/host/manager_vm/kvm_probe.ts";

try {
  await chooseAccelerator("auto", () => probeKvm("qemu-system-x86_64"));
  console.log("auto");
} catch (error) {
  if (!(error instanceof ContractorError)) throw error;
  if (!error.code.startsWith("kvm-")) throw error;
  console.error(`${error.message}.`);
  console.log("tcg");
}
