/**
 * Lets a worker run that is no build's: to be saved, or to rest. What it does is
 * held against nobody; one that does too much is of no use.
 *
 * @module
 */

import { orWithoutRoom } from "../images/disk_claims.ts";
import type { WorkerNetwork } from "../egress/worker_network.ts";
import type { ImageCache } from "../images/image_cache.ts";
import { Budget } from "../limits/budget.ts";
import { watchWorker } from "../limits/watchdog.ts";
import { NoRoomError, UnsuitedError } from "./saved_states.ts";
import type { WorkerMachine } from "./worker_machine.ts";

/** Most that such a worker may take on the disk for its memory. */
const MAX_MEMORY_FILE_BYTES = 2 * 1024 ** 3;

/** What shares the disk out. */
export type SharedDisk = Pick<ImageCache, "makeRoom" | "claims">;

/** What a worker without a build may do. */
export interface UnownedBounds {
  /** What it may write is kept free there. */
  disk: SharedDisk;
  cpus: number;
  diskBytes: number;
  memoryBytes: number;
  wallSeconds: number;
  /** On which it must not try to reach anything. */
  network: Pick<WorkerNetwork, "isQuiet" | "disturbance"> | undefined;
  signal: AbortSignal;
}

/**
 * Does some work with a machine that runs.
 *
 * @param work what the signal ends, and so a limit or an attempt
 * @throws {UnsuitedError} if the worker does too much
 * @throws {NoRoomError} if builds may need what it might write
 */
export async function withUnowned(
  machine: WorkerMachine,
  bounds: UnownedBounds,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { disk, diskBytes, memoryBytes } = bounds;
  const mostBytes = diskBytes + Math.min(memoryBytes, MAX_MEMORY_FILE_BYTES);
  await disk.claims.during(mostBytes, {
    makeRoom: () => makeRoom(disk),
    measure: () => machine.measureSavedBytes(),
  }, () => watchWork(machine, bounds, mostBytes, work));
}

/** What is only there to be faster takes no build's room, and ends none. */
function makeRoom(disk: SharedDisk): Promise<void> {
  return orWithoutRoom(
    disk.makeRoom(0),
    () => new NoRoomError("builds may need the room that it would take"),
  );
}

async function watchWork(
  machine: WorkerMachine,
  bounds: UnownedBounds,
  diskLimitBytes: number,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { cpus, wallSeconds, network } = bounds;
  const ending = new AbortController();
  const end = (why: string) => ending.abort(new UnsuitedError(why));
  const disturb = () => end("it tried to reach something");
  const budget = new Budget(
    { wallSeconds, logBytes: 0 },
    ({ limit }) => end(`the limit of ${limit} was exceeded`),
  );
  network?.disturbance.addEventListener("abort", disturb);
  const watch = watchWorker({
    budget,
    cpus,
    diskLimitBytes,
    measureCpuSeconds: () => machine.measureCpuSeconds(),
    measureDiskBytes: () => machine.measureSavedBytes(),
  });
  try {
    await work(AbortSignal.any([bounds.signal, ending.signal]));
    if (await network?.isQuiet() === false) disturb();
  } catch (error) {
    bounds.signal.throwIfAborted();
    ending.signal.throwIfAborted();
    throw error;
  } finally {
    await watch.stop();
    budget.close();
    network?.disturbance.removeEventListener("abort", disturb);
  }
  ending.signal.throwIfAborted();
}
