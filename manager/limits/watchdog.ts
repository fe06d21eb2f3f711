/**
 * Watches what a worker uses, from outside of it.
 *
 * @module
 */

import { type Clock, systemClock } from "../../src/shared/limits/clock.ts";
import type { Budget } from "./budget.ts";

/**
 * Fastest that a worker can write its root disk, by the domain's XML. After a
 * pause QEMU lets a tenth of it go at once. With the longest poll near the limit
 * and a fifth of a second for the end of QEMU that is less than 64 MiB.
 */
export const MAX_WRITE_BYTES_PER_SECOND = 200 * 1024 ** 2;

/** Measuring CPU time starts a program: seldom, until the end is near. */
const CPU_POLL_MS = { least: 100, most: 5000 };

/** Measuring the disk is one call of the system. */
const DISK_POLL_MS = { least: 50, most: 1000 };

/** What to watch. */
export interface WatchOptions {
  budget: Budget;
  cpus: number;
  /** Most that the root disk may take in the manager. */
  diskLimitBytes: number;
  /** CPU time since the worker's start; may fail while there is no worker. */
  measureCpuSeconds(): Promise<number>;
  measureDiskBytes(): Promise<number>;
  clock?: Clock;
}

/** A worker under watch. */
export interface Watch {
  /**
   * Measures a last time, and ends the watch. To be called before the worker's
   * disk is removed; best after the worker has ended.
   */
  stop(): Promise<void>;
}

/** Watches a worker from its start until it is stopped. */
export function watchWorker(options: WatchOptions): Watch {
  const { budget, diskLimitBytes: allowed } = options;
  const clock = options.clock ?? systemClock;
  const stopping = new AbortController();
  const account = budget.startWorker(options.cpus);

  const measureCpu = async () => {
    account.noteCpu(await options.measureCpuSeconds());
    return 1000 * (budget.secondsToCpuLimit ?? Infinity);
  };
  const measureDisk = async () => {
    const measured = await options.measureDiskBytes();
    if (measured > allowed) budget.exceed({ limit: "disk", allowed, measured });
    return 1000 * (allowed - measured) / MAX_WRITE_BYTES_PER_SECOND;
  };

  const poll = async (
    measure: () => Promise<number>,
    { least, most }: { least: number; most: number },
  ) => {
    let wait = least;
    while (!stopping.signal.aborted) {
      try {
        wait = Math.min(Math.max(await measure(), least), most);
      } catch {
        // Not there yet, or gone: asked again as often as before.
      }
      await clock.sleep(wait, stopping.signal).catch(() => {});
    }
    await measure().catch(() => {});
  };

  const cpuLimited = budget.limits.cpuSeconds !== undefined;
  const polls = [
    poll(measureDisk, DISK_POLL_MS),
    ...(cpuLimited ? [poll(measureCpu, CPU_POLL_MS)] : []),
  ];
  let stopped: Promise<void> | undefined;
  return {
    stop: () =>
      stopped ??= (async () => {
        stopping.abort();
        await Promise.all(polls);
        account.end();
      })(),
  };
}
