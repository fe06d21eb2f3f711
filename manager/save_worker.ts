/**
 * Boots a worker that no build runs in, and saves it.
 *
 * @module
 */

import { AgentError } from "../src/rpc/peer.ts";
import { createOverlay } from "./disk_image.ts";
import type { BaseImage, ImageCache } from "./image_cache.ts";
import type { AgentPaths } from "./paths.ts";
import { RunnerSession } from "./runner_session.ts";
import { UnsuitedError } from "./saved_states.ts";
import {
  MAX_MEMORY_FILE_BYTES,
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
  cache: Pick<ImageCache, "makeRoom">;
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
  const { cache, base, diskBytes, bootTimeoutSeconds, network } = options;
  const { cpus, memoryBytes } = options.machine;
  await makeRoom(cache, Math.min(memoryBytes, MAX_MEMORY_FILE_BYTES));
  const machine = new WorkerMachine(newWorkerId(), options.paths);
  try {
    await machine.makeDirectories();
    await createOverlay(machine.overlay, base, diskBytes);
    options.signal.throwIfAborted();
    await machine.startSaving({ ...options.machine, backing: base.chain });
    await withUnowned(machine, {
      ...{ cpus, memoryBytes, diskBytes, network },
      wallSeconds: bootTimeoutSeconds + 2 * SETTLE_TIMEOUT_SECONDS,
      signal: options.signal,
    }, async (signal) => {
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

/** What is only there to be faster takes no build's room, and ends none. */
async function makeRoom(
  cache: SaveOptions["cache"],
  bytes: number,
): Promise<void> {
  try {
    await cache.makeRoom(bytes);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== "disk-full") {
      throw error;
    }
    throw new UnsuitedError("builds may need the room that it would take");
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
