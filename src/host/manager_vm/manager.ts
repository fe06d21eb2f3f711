import { EnvironmentError } from "../../shared/errors.ts";
import {
  type Accelerator,
  type AcceleratorChoice,
  chooseAccelerator,
} from "./accelerator.ts";
import { createDataDisk } from "./data_disk.ts";
import { systemErrorCode } from "../state/file_errors.ts";
import { probeKvm } from "./kvm_probe.ts";
import { acquireLock } from "../state/lock.ts";
import { withQemu } from "./manager_connection.ts";
import {
  type ManagerImage,
  type ManagerImageSource,
  provideManagerImage,
  readManagerImageVersion,
} from "./manager_image.ts";
import { buildQemuArguments, CONSOLE_BYTES } from "./qemu_arguments.ts";
import { startQemuDaemon } from "./qemu_process.ts";
import type { QmpClient } from "./qmp.ts";
import {
  powerDown,
  queryKvm,
  queryStatus,
  quit,
  readRingBuffer,
} from "./qmp_commands.ts";
import { replaceFile } from "../state/replace_file.ts";
import type { StatePaths } from "../state/state_directory.ts";

/** Another command may be starting the manager, or waiting for it to stop. */
const LOCK_WAIT_MS = 120_000;

/** How long a manager under TCG may take to shut its services down. */
const POWER_DOWN_MS = 60_000;

/** How long QEMU may take to close its files when it quits. */
const QUIT_MS = 15_000;

const POLL_INTERVAL_MS = 50;

/** What the life of the manager VM depends on. */
export interface ManagerSettings {
  readonly paths: StatePaths;
  /** Path or name of `qemu-system-x86_64`. */
  readonly qemu: string;
  readonly image: ManagerImageSource;
  /** What a manager is started with; one that runs stays as it is. */
  readonly accelerator: AcceleratorChoice;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly idleSeconds: number;
}

export interface RunningManager {
  readonly accelerator: Accelerator;
  /** False if it was running before. */
  readonly started: boolean;
  /** Version of the image at hand; one that runs may have another. */
  readonly imageVersion: string;
}

/** How the manager VM is. */
export type ManagerHealth = "running" | "gone" | "disk-full";

/** Makes sure that the manager VM runs; it then boots for some seconds. */
export async function ensureManager(
  settings: ManagerSettings,
  signal?: AbortSignal,
): Promise<RunningManager> {
  const { paths, image } = settings;
  await using _lock = await acquireLock(paths.manager.lock, {
    purpose: "starting the manager",
    wait: LOCK_WAIT_MS,
    ...(signal && { signal }),
  });
  const imageVersion = await readManagerImageVersion(image);
  await checkManager(paths);
  const running = await queryManager(paths);
  if (running !== undefined) {
    return { accelerator: running, started: false, imageVersion };
  }
  const accelerator = await chooseAccelerator(
    settings.accelerator,
    () => probeKvm(settings.qemu),
  );
  const provided = await provideManagerImage(
    image,
    paths.manager.images,
    paths.cache.digests,
  );
  await createDataDisk(paths.manager.dataDisk);
  await startQemu({ ...settings, accelerator }, provided);
  return { accelerator, started: true, imageVersion };
}

/** What the manager runs on, or undefined if it does not run. */
export async function queryManager(
  paths: StatePaths,
): Promise<Accelerator | undefined> {
  const kvm = await withQemu(paths, "looking at the manager", queryKvm);
  return kvm === undefined ? undefined : kvm ? "kvm" : "tcg";
}

/**
 * Looks how the manager VM is. QEMU pauses it when the host has no space for
 * what it writes, and nothing in it can tell: it is ended then.
 */
export async function checkManager(paths: StatePaths): Promise<ManagerHealth> {
  const health = await withQemu(
    paths,
    "looking after the manager",
    async (qmp) => {
      if (await queryStatus(qmp) !== "io-error") return "running";
      await endQemu(qmp, true);
      return "disk-full";
    },
  );
  if (health === "disk-full") await waitUntilGone(paths.run.pidFile);
  return health ?? "gone";
}

/**
 * Stops the manager VM: presses its power button, and pulls the plug if that
 * does not help in time, or at once if forced.
 *
 * @returns false if it was not running
 */
export async function stopManager(
  paths: StatePaths,
  force: boolean,
): Promise<boolean> {
  await using _lock = await acquireLock(paths.manager.lock, {
    purpose: "stopping the manager",
    wait: LOCK_WAIT_MS,
  });
  const stopped = await withQemu(paths, "stopping the manager", async (qmp) => {
    await endQemu(qmp, force);
    return true;
  });
  if (stopped === undefined) return false;
  await waitUntilGone(paths.run.pidFile);
  return true;
}

/**
 * The last part of what the manager wrote to its console; untrusted bytes.
 * QEMU hands out each byte once, so what was read is kept.
 */
export async function readConsole(paths: StatePaths): Promise<Uint8Array> {
  return await withQemu(paths, "reading the console", async (qmp) => {
    const before = await readFileIfPresent(paths.manager.console);
    const fresh = await readRingBuffer(qmp, CONSOLE_BYTES);
    const all = new Uint8Array([...before, ...fresh]).subarray(-CONSOLE_BYTES);
    await replaceFile(paths.manager.console, all);
    return all;
  }) ?? await readFileIfPresent(paths.manager.console);
}

async function startQemu(
  settings: ManagerSettings & { accelerator: Accelerator },
  image: ManagerImage,
): Promise<void> {
  const { paths, accelerator, cpus, memoryBytes, idleSeconds } = settings;
  await replaceFile(paths.manager.console, "");
  const files = {
    kernel: image.kernel,
    initrd: image.initrd,
    rootImage: image.rootImage,
    dataDisk: paths.manager.dataDisk,
    qmpSocket: paths.run.qmpSocket,
    pidFile: paths.run.pidFile,
    rpcSockets: paths.run.rpcPorts.map((port) => port.socket),
  };
  await startQemuDaemon(
    settings.qemu,
    buildQemuArguments({ accelerator, cpus, memoryBytes, idleSeconds, files }),
    async () => await queryManager(paths) !== undefined,
  );
  await closeToOthers([files.qmpSocket, ...files.rpcSockets]);
}

/**
 * Leaves sockets to their owner. Their directory does that already: this is
 * for the day when somebody opens it.
 */
async function closeToOthers(sockets: readonly string[]): Promise<void> {
  for (const socket of sockets) await Deno.chmod(socket, 0o600);
}

async function endQemu(qmp: QmpClient, force: boolean): Promise<void> {
  if (!force) {
    await powerDown(qmp);
    if (await endsWithin(qmp, POWER_DOWN_MS)) return;
  }
  await quit(qmp).catch((error) => {
    // It may have ended by itself in between.
    if (error.code !== "manager-gone") throw error;
  });
  if (await endsWithin(qmp, QUIT_MS)) return;
  throw new EnvironmentError(
    "manager-unresponsive",
    "The manager VM does not stop",
    {
      hint:
        "End its process; its number is in the file qemu.pid beside the sockets",
    },
  );
}

async function endsWithin(qmp: QmpClient, patience: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), patience);
  try {
    return await Promise.race([qmp.ended.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * QEMU's last act is to remove the file with its process number; before it the
 * data disk may still be locked. A killed QEMU leaves the file behind.
 */
async function waitUntilGone(pidFile: string): Promise<void> {
  const deadline = performance.now() + QUIT_MS;
  while (performance.now() < deadline) {
    if ((await readFileIfPresent(pidFile)).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}

async function readFileIfPresent(
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return new Uint8Array();
    throw error;
  }
}
