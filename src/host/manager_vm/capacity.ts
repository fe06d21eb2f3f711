/**
 * Whether a worker fits into the manager at all.
 *
 * @module
 */

import { EnvironmentError } from "../../shared/errors.ts";
import { formatSize } from "../../spec/units.ts";
import type { AcceleratorChoice } from "./accelerator.ts";
import { DATA_DISK_BYTES } from "./data_disk.ts";
import { managerCpus } from "./qemu_arguments.ts";

/** Memory that the manager's own system takes. */
const MANAGER_OWN_BYTES = 512 * 1024 ** 2;

/** What of it no build can have: file system, image, room that is kept free. */
const DISK_OWN_BYTES = 4 * 1024 ** 3;

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
  readonly diskBytes: number;
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
  const mostDisk = DATA_DISK_BYTES - DISK_OWN_BYTES;
  if (demand.diskBytes > mostDisk) {
    throw new EnvironmentError(
      "no-capacity",
      `Cannot give the build ${formatSize(demand.diskBytes)} of disk: the ` +
        `manager has ${formatSize(mostDisk)} for builds`,
      { hint: "Lower `resources.disk` in the build spec" },
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
