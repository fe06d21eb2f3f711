/**
 * Boots a worker that no build runs in, and saves it.
 *
 * @module
 */

import { createOverlay } from "../images/disk_image.ts";
import type { BaseImage } from "../images/image_cache.ts";
import type { AgentPaths } from "../system/paths.ts";
import { RunnerSession } from "./runner_session.ts";
import { UnsuitedError } from "./saved_states.ts";
import {
  type SharedDisk,
  type UnownedBounds,
  withUnowned,
} from "./unowned_worker.ts";
import { rehearseScript } from "./wake.ts";
import { newWorkerId } from "./worker_id.ts";
import { type MachineSettings, WorkerMachine } from "./worker_machine.ts";

/** Waits for the end of the system's start: clones need not go through it. */
const settleScript = `\
if [ -d /run/systemd/system ]; then
  timeout 60 systemctl is-system-running --wait || :
fi
${rehearseScript}
sync
`;

/** How long the system may take beyond the runner's start. */
const SETTLE_TIMEOUT_SECONDS = 120;

/** What to boot. */
export interface SaveOptions {
  paths: AgentPaths;
  disk: SharedDisk;
  base: BaseImage;
  machine: Omit<MachineSettings, "backing">;
  diskBytes: number;
  bootTimeoutSeconds: number;
  network: UnownedBounds["network"];
  signal: AbortSignal;
}

/**
 * Boots and saves a worker.
 *
 * @returns the directory with its files, which the caller owns
 * @throws {UnsuitedError} if a build must boot its own
 * @throws {AgentError} `boot-failed` or `worker-died`
 */
export async function bootAndSave(options: SaveOptions): Promise<string> {
  const { disk, base, diskBytes, bootTimeoutSeconds, network } = options;
  const { cpus, memoryBytes } = options.machine;
  const machine = new WorkerMachine(newWorkerId(), options.paths);
  try {
    await withUnowned(machine, {
      ...{ cpus, memoryBytes, disk, diskBytes, network },
      wallSeconds: bootTimeoutSeconds + 2 * SETTLE_TIMEOUT_SECONDS,
      signal: options.signal,
    }, async (signal) => {
      await machine.makeDirectories();
      await createOverlay(machine.overlay, base, diskBytes);
      signal.throwIfAborted();
      await machine.startSaving({ ...options.machine, backing: base.chain });
      await settle(machine, bootTimeoutSeconds, signal);
      await machine.save().catch((error) => {
        throw new UnsuitedError(`it cannot be saved: ${error}`);
      });
    });
    await machine.removeRuntimeDirectory();
    return machine.stateDirectory;
  } catch (error) {
    await machine.discard();
    throw error;
  }
}

async function settle(
  machine: WorkerMachine,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const session = await RunnerSession.connect(machine);
  const abort = () => session.close();
  signal.addEventListener("abort", abort);
  try {
    await session.ready(timeoutSeconds, signal);
    await session.runOwn(settleScript, SETTLE_TIMEOUT_SECONDS).catch(
      (error) => {
        throw new UnsuitedError(`its system does not settle: ${error}`);
      },
    );
  } finally {
    signal.removeEventListener("abort", abort);
    session.close();
  }
}
