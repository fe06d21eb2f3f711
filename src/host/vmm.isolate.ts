import { EnvironmentError } from "../shared/errors.ts";
import { type IsolateHandlers, serveIsolate } from "../isolate/isolate.ts";
import {
  checkManager,
  ensureManager,
  type ManagerSettings,
  queryManager,
  readConsole,
  stopManager,
} from "./manager_vm/manager.ts";
import { withQemu, withRunningQemu } from "./manager_vm/manager_connection.ts";
import { requireReach } from "./manager_vm/disk_reach.ts";
import { noteSeal, readSeal } from "./manager_vm/image_seals.ts";
import {
  attachDisk,
  detachDisk,
  detachStaleDisks,
} from "./manager_vm/manager_disks.ts";
import { removeOldBuilds } from "./state/old_builds.ts";
import { replaceFile } from "./state/replace_file.ts";
import { type RpcPort, takeRpcPort } from "./manager_vm/rpc_port.ts";
import {
  collectStaging,
  isBuildLiving,
  openStaging,
  type Staging,
} from "./state/staging.ts";
import { createStateDirectories } from "./state/state_directory.ts";
import type { VmmApi } from "./vmm.ts";
import {
  checkWorkerImage,
  digestWorkerImage,
  requireUnchangedImage,
} from "./worker_image.ts";

let configured: ManagerSettings | undefined;
const stagings = new Map<string, Staging>();
/** Held until the isolate ends. */
const rpcPorts: RpcPort[] = [];

function settings(): ManagerSettings {
  if (configured !== undefined) return configured;
  throw new EnvironmentError(
    "isolate-failed",
    "The manager's settings are not configured",
  );
}

const handlers: IsolateHandlers<VmmApi> = {
  async configure(given) {
    await createStateDirectories(given.paths);
    configured = given;
  },

  ensureManager: (_, { signal }) => ensureManager(settings(), signal),

  async queryManager() {
    const accelerator = await queryManager(settings().paths);
    return accelerator && { accelerator };
  },

  checkManager: () => checkManager(settings().paths),

  stopManager: ({ force }) => stopManager(settings().paths, force),

  async readConsole(_, { transfer }) {
    const bytes = (await readConsole(settings().paths)).slice();
    transfer(bytes.buffer);
    return bytes;
  },

  async openStaging({ build, purpose }) {
    const { paths } = settings();
    await collectStaging(paths);
    const staging = await openStaging(paths, build, purpose);
    stagings.set(build, staging);
    return { directory: staging.directory };
  },

  async closeStaging({ build }) {
    const staging = stagings.get(build);
    stagings.delete(build);
    await staging?.[Symbol.asyncDispose]();
  },

  async removeOldBuilds(keeping) {
    await removeOldBuilds(settings().paths, keeping);
  },

  async attachDisk(disk) {
    await requireReach(disk);
    await withRunningQemu(
      settings().paths,
      `attaching a disk of ${disk.build}`,
      (qmp) => attachDisk(qmp, disk),
    );
  },

  async detachDisk({ serial }) {
    await withQemu(
      settings().paths,
      "detaching a disk",
      (qmp) => detachDisk(qmp, serial),
    );
  },

  async detachStaleDisks() {
    const { paths } = settings();
    return await withQemu(
      paths,
      "detaching disks of abandoned builds",
      (qmp) => detachStaleDisks(qmp, (build) => isBuildLiving(paths, build)),
    ) ?? [];
  },

  async takeRpcPort({ purpose }) {
    const taken = await takeRpcPort(settings().paths, purpose);
    rpcPorts.push(taken);
    return { socket: taken.socket };
  },

  writeReport: ({ path, report }) =>
    replaceFile(path, JSON.stringify(report, null, 2) + "\n"),

  checkImage: ({ path }) => checkWorkerImage(path),

  digestImage: ({ path }, { signal }) =>
    digestWorkerImage(path, settings().paths.cache.digests, signal),

  readSeal: ({ name }) => readSeal(settings().paths.cache.seals, name),

  noteSeal: ({ name, seal }) =>
    noteSeal(settings().paths.cache.seals, name, seal),

  requireUnchangedImage: ({ fingerprint }) =>
    requireUnchangedImage(fingerprint),
};

serveIsolate<VmmApi>(handlers);
