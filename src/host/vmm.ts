/**
 * What the isolate that owns the manager VM does for the rest of the program:
 * it alone runs QEMU, opens its control socket and holds the locks.
 *
 * @module
 */

import type {
  Accelerator,
  AcceleratorChoice,
} from "./manager_vm/accelerator.ts";
import type { Fingerprint } from "./state/file_digest.ts";
import type {
  ManagerHealth,
  ManagerSettings,
  RunningManager,
} from "./manager_vm/manager.ts";
import type { AttachedDisk, DiskSettings } from "./manager_vm/manager_disks.ts";
import type { Keeping } from "../config/user_config.ts";
import { unixSocketPermissions } from "./unix_permission.ts";
import type { WorkerImage, WorkerImageDigest } from "./worker_image.ts";

export type {
  Accelerator,
  AcceleratorChoice,
  AttachedDisk,
  DiskSettings,
  Fingerprint,
  ManagerHealth,
  ManagerSettings,
  RunningManager,
  WorkerImage,
  WorkerImageDigest,
};

/** URL of the isolate's module. */
export const vmmUrl = new URL("./vmm.isolate.ts", import.meta.url);

/** The methods of the isolate; `configure` comes first. */
export interface VmmApi {
  /** Says what the other methods work on, and creates the directories. */
  configure: { params: ManagerSettings; result: void };
  ensureManager: { params: Record<string, never>; result: RunningManager };
  /** What the manager runs on, if it runs. */
  queryManager: {
    params: Record<string, never>;
    result: { accelerator: Accelerator } | undefined;
  };
  /** How the manager is; it is ended if the host has no space for it. */
  checkManager: { params: Record<string, never>; result: ManagerHealth };
  /** False if no manager was running. */
  stopManager: { params: { force: boolean }; result: boolean };
  /** The last bytes on the manager's console; untrusted. */
  readConsole: { params: Record<string, never>; result: Uint8Array };
  /**
   * Creates the staging directory of a build, after removing those that others
   * left behind; it goes when it is closed, or later if this process dies.
   */
  openStaging: {
    params: { build: string; purpose: string };
    result: { directory: string };
  };
  closeStaging: { params: { build: string }; result: void };
  /** Removes what is too old or too much of earlier builds' logs and reports. */
  removeOldBuilds: { params: Keeping; result: void };
  attachDisk: { params: DiskSettings; result: void };
  detachDisk: { params: { serial: string }; result: void };
  /** Pulls the disks of builds whose staging directory nobody holds. */
  detachStaleDisks: { params: Record<string, never>; result: AttachedDisk[] };
  /** Takes a free RPC port, for as long as the isolate lives. */
  takeRpcPort: {
    params: { purpose: string };
    result: { socket: string };
  };
  /** Writes the report of a build, where no guest has a hand in it. */
  writeReport: { params: { path: string; report: unknown }; result: void };
  checkImage: { params: { path: string }; result: WorkerImage };
  digestImage: { params: { path: string }; result: WorkerImageDigest };
  /** The seal of a file in the manager's cache; null if none is known. */
  readSeal: { params: { name: string }; result: string | null };
  noteSeal: { params: { name: string; seal: string }; result: void };
  /** Fails if the image changed since it was digested. */
  requireUnchangedImage: {
    params: { fingerprint: Fingerprint };
    result: void;
  };
}

/**
 * The permissions of the isolate, and nothing beyond.
 *
 * @param userFiles absolute paths of the worker images it looks at
 */
export function vmmPermissions(
  { paths, qemu, image }: Pick<ManagerSettings, "paths" | "qemu" | "image">,
  userFiles: readonly string[] = [],
): Deno.PermissionOptionsObject {
  const net = unixSocketPermissions([paths.run.qmpSocket]);
  return {
    read: [paths.root, paths.run.directory, image.directory, ...userFiles],
    write: [paths.root, paths.run.directory],
    run: [qemu],
    net: net.length > 0 ? net : false,
    // Deno's way to start a program looks it up.
    env: ["NODE_V8_COVERAGE"],
    sys: false,
    ffi: false,
    import: false,
  };
}
