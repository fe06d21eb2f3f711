/**
 * Boots a worker that no build runs in, and saves it.
 *
 * @module
 */

import type { BuildLimits } from "../src/rpc/verdict.ts";
import { createOverlay } from "./disk_image.ts";
import type { WorkerNetwork } from "./egress/worker_network.ts";
import type { BaseImage, ImageCache } from "./image_cache.ts";
import { Budget } from "./limits/budget.ts";
import { watchWorker } from "./limits/watchdog.ts";
import type { AgentPaths } from "./paths.ts";
import { RunnerSession } from "./runner_session.ts";
import { UnsuitedError } from "./saved_states.ts";
import { withTimeout } from "./waiting.ts";
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

/** What a system that has just booted uses of its memory, and more. */
const MEMORY_ROOM_BYTES = 1024 ** 3;

const DISTURBED = "it tried to reach something";

/** How long the system may take beyond the runner's start. */
const SETTLE_TIMEOUT_SECONDS = 120;

/** What to boot, and what it may use. */
export interface SaveOptions {
  paths: AgentPaths;
  cache: ImageCache;
  base: BaseImage;
  machine: Omit<MachineSettings, "backing">;
  diskBytes: number;
  bootTimeoutSeconds: number;
  /** Those of the build that waits for it; they end what goes beyond. */
  limits: BuildLimits;
  /** On which the worker must not try to reach anything. */
  network: Pick<WorkerNetwork, "isQuiet" | "disturbance"> | undefined;
  signal: AbortSignal;
}

/**
 * Boots and saves a worker.
 *
 * @returns the directory with its files, which the caller owns
 * @throws {UnsuitedError} if it behaves in a way that a build must answer for
 * @throws {AgentError} `boot-failed`
 */
export async function bootAndSave(options: SaveOptions): Promise<string> {
  const { cache, base, diskBytes, bootTimeoutSeconds, limits } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const budget = new Budget(
    limits,
    ({ limit }) =>
      ending.abort(new UnsuitedError(`the limit of ${limit} was exceeded`)),
  );
  const disturb = () => ending.abort(new UnsuitedError(DISTURBED));
  options.network?.disturbance.addEventListener("abort", disturb);
  const machine = new WorkerMachine(newWorkerId(), options.paths);
  await cache.makeRoom(
    Math.min(options.machine.memoryBytes, MEMORY_ROOM_BYTES),
  );
  await machine.makeDirectories();
  try {
    await createOverlay(machine.overlay, base, diskBytes);
    signal.throwIfAborted();
    await machine.startSaving({ ...options.machine, backing: base.chain });
    const watch = watchWorker({
      budget,
      cpus: options.machine.cpus,
      diskLimitBytes: diskBytes,
      measureCpuSeconds: () => machine.measureCpuSeconds(),
      measureDiskBytes: () => machine.measureDiskBytes(),
    });
    try {
      await settle(machine, bootTimeoutSeconds, signal);
      await machine.save();
    } finally {
      await watch.stop();
      budget.close();
    }
    if (await options.network?.isQuiet() === false) disturb();
    ending.signal.throwIfAborted();
    await machine.removeRuntimeDirectory();
    return machine.stateDirectory;
  } catch (error) {
    await machine.end();
    await machine.removeDirectories();
    options.signal.throwIfAborted();
    ending.signal.throwIfAborted();
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
    const status = session.runner.run("root", settleScript);
    if (
      !await withTimeout(status, SETTLE_TIMEOUT_SECONDS) || await status !== 0
    ) throw new UnsuitedError("its system does not settle");
  } finally {
    signal.removeEventListener("abort", abort);
    session.close();
  }
}
