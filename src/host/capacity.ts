/**
 * Whether a worker fits into the manager at all.
 *
 * @module
 */

import { EnvironmentError } from "../errors.ts";
import type { AcceleratorChoice } from "./accelerator.ts";
import { managerCpus } from "./qemu_arguments.ts";

/** Memory that the manager's own system takes. */
const MANAGER_OWN_BYTES = 512 * 1024 ** 2;

/** What the manager has, or will have. */
export interface ManagerCapacity {
  readonly accelerator: AcceleratorChoice;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** What a worker is to get. */
export interface WorkerDemand {
  /** Undefined: what there is. */
  readonly cpus: number | undefined;
  readonly memoryBytes: number;
}

/**
 * Refuses a worker that no manager with these settings can run, before anything
 * is started for it.
 *
 * @throws {EnvironmentError} `no-capacity`
 */
export function requireCapacity(
  manager: ManagerCapacity,
  demand: WorkerDemand,
): void {
  requireCpus(manager, demand.cpus ?? 1);
  const mebibytes = (bytes: number) => Math.floor(bytes / 1024 ** 2);
  const most = mebibytes(manager.memoryBytes - MANAGER_OWN_BYTES);
  if (mebibytes(demand.memoryBytes) > most) {
    throw new EnvironmentError(
      "no-capacity",
      `Cannot give the worker ${
        mebibytes(demand.memoryBytes)
      } MiB of memory: the manager has ${most} MiB for workers`,
      { hint: "Lower `resources.memory` in the build spec" },
    );
  }
}

function requireCpus(manager: ManagerCapacity, wanted: number): void {
  const { accelerator } = manager;
  // "auto" never chooses to emulate.
  const cpus = managerCpus(
    accelerator === "tcg" ? "tcg" : "kvm",
    manager.cpus,
  );
  if (wanted <= cpus) return;
  throw new EnvironmentError(
    "no-capacity",
    `Cannot give the worker ${wanted} processors: the manager has ${cpus}`,
    {
      hint: accelerator === "tcg" && wanted <= manager.cpus
        ? "An emulated manager has one: set `resources.cpus` in the build spec to 1, or use KVM"
        : `Set \`resources.cpus\` in the build spec to ${cpus} or less`,
    },
  );
}
