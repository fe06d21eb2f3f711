/**
 * What a build may use, summed over all of its workers.
 *
 * @module
 */

import { type Clock, systemClock } from "../../src/shared/limits/clock.ts";
import { RateLimiter } from "../../src/shared/limits/rate_limiter.ts";
import type { BuildLimits, LimitRecord } from "../../src/shared/rpc/verdict.ts";

/** Longest wait in one go; timers know no longer ones than 24 days. */
const MAX_SLEEP_MS = 3_600_000;

/** A worker's share of a build's CPU time, kept by who watches the worker. */
export interface WorkerAccount {
  /** Notes all CPU time that the worker has used so far. */
  noteCpu(seconds: number): void;
  /** The worker runs no more; what it used stays counted. */
  end(): void;
}

interface RunningWorker {
  cpus: number;
  cpuSeconds: number;
  measuredAt: number;
}

/** Counts what a build uses; the first limit exceeded is what ends it. */
export class Budget {
  readonly limits: BuildLimits;
  readonly #onExceeded: (record: LimitRecord) => void;
  readonly #clock: Clock;
  readonly #rate: RateLimiter;
  readonly #over = new AbortController();
  readonly #running = new Set<RunningWorker>();
  #exceeded: LimitRecord | undefined;
  #endedCpuSeconds = 0;
  #wallMs = 0;
  #wallSince = 0;
  #wallTimer: AbortController | undefined;
  #logBytes = 0;
  #networkBytes = 0;

  /** @param onExceeded called once at most, at the first limit exceeded */
  constructor(
    limits: BuildLimits,
    onExceeded: (record: LimitRecord) => void,
    clock: Clock = systemClock,
  ) {
    this.limits = limits;
    this.#onExceeded = onExceeded;
    this.#clock = clock;
    this.#rate = new RateLimiter(limits.networkBitsPerSecond, clock);
  }

  /** The first limit that was exceeded. */
  get exceeded(): LimitRecord | undefined {
    return this.#exceeded;
  }

  /** CPU time of all workers, as last measured. */
  get cpuSeconds(): number {
    return [...this.#running].reduce(
      (sum, { cpuSeconds }) => sum + cpuSeconds,
      this.#endedCpuSeconds,
    );
  }

  /** How long workers have run; time with two of them counts once. */
  get wallSeconds(): number {
    const current = this.#running.size === 0
      ? 0
      : this.#clock.now() - this.#wallSince;
    return (this.#wallMs + current) / 1000;
  }

  /** Bytes that workers printed, kept or not. */
  get logBytes(): number {
    return this.#logBytes;
  }

  /** Bytes that passed the network, both ways. */
  get networkBytes(): number {
    return this.#networkBytes;
  }

  /**
   * Notes that a limit was exceeded. The first one stays; what more is measured
   * of the same one until the workers are gone is part of its overshoot.
   */
  exceed(record: LimitRecord): void {
    if (this.#exceeded !== undefined) {
      if (
        this.#exceeded.limit === record.limit &&
        record.measured > this.#exceeded.measured
      ) this.#exceeded = { ...this.#exceeded, measured: record.measured };
      return;
    }
    this.#exceeded = record;
    this.close();
    this.#onExceeded(record);
  }

  /** Nothing passes any more, and no timer is left. */
  close(): void {
    this.#over.abort();
    this.#wallTimer?.abort();
  }

  /**
   * Waits until so many bytes may go, at most 64 KiB at once.
   *
   * @returns false if they may not: they do not fit into the total, or the
   * build is over
   */
  async passNetwork(bytes: number): Promise<boolean> {
    try {
      await this.#rate.take(bytes, this.#over.signal);
    } catch {
      return false;
    }
    if (this.#over.signal.aborted) return false;
    const measured = this.#networkBytes + bytes;
    const allowed = this.limits.networkBytes;
    if (allowed !== undefined && measured > allowed) {
      this.exceed({ limit: "bandwidth.total", allowed, measured });
      return false;
    }
    this.#networkBytes = measured;
    return true;
  }

  /** How many of so many log bytes may be kept: fewer when that is too much. */
  takeLog(bytes: number): number {
    const allowed = this.limits.logBytes;
    const room = Math.max(0, allowed - this.#logBytes);
    this.#logBytes += bytes;
    if (bytes > room) {
      this.exceed({ limit: "log", allowed, measured: this.#logBytes });
    }
    return Math.min(bytes, room);
  }

  /** Counts a worker from now on; the clock runs while there is one. */
  startWorker(cpus: number): WorkerAccount {
    const now = this.#clock.now();
    const worker = { cpus, cpuSeconds: 0, measuredAt: now };
    if (this.#running.size === 0) this.#startWall();
    this.#running.add(worker);
    return {
      noteCpu: (seconds) => {
        // A group of processes that is gone may read as unused.
        worker.cpuSeconds = Math.max(worker.cpuSeconds, seconds);
        worker.measuredAt = this.#clock.now();
        this.#checkCpu();
      },
      end: () => {
        if (!this.#running.delete(worker)) return;
        this.#endedCpuSeconds += worker.cpuSeconds;
        if (this.#running.size === 0) this.#stopWall();
      },
    };
  }

  /**
   * Soonest that the CPU time can be used up: each virtual CPU busy, and one
   * more with the devices. Undefined without a limit.
   */
  get secondsToCpuLimit(): number | undefined {
    const { cpuSeconds } = this.limits;
    if (cpuSeconds === undefined) return undefined;
    const now = this.#clock.now();
    let used = this.#endedCpuSeconds;
    let cpus = 0;
    for (const worker of this.#running) {
      const unseen = (now - worker.measuredAt) / 1000 * (worker.cpus + 1);
      used += worker.cpuSeconds + unseen;
      cpus += worker.cpus + 1;
    }
    return Math.max(0, cpuSeconds - used) / Math.max(1, cpus);
  }

  #checkCpu(): void {
    const allowed = this.limits.cpuSeconds;
    const measured = this.cpuSeconds;
    if (allowed !== undefined && measured > allowed) {
      this.exceed({ limit: "cpu-time", allowed, measured });
    }
  }

  #startWall(): void {
    this.#wallSince = this.#clock.now();
    if (this.#over.signal.aborted) return;
    this.#wallTimer = new AbortController();
    void this.#waitForWall(this.#wallTimer.signal);
  }

  #stopWall(): void {
    this.#wallMs += this.#clock.now() - this.#wallSince;
    this.#wallTimer?.abort();
    this.#wallTimer = undefined;
    this.#checkWall();
  }

  async #waitForWall(signal: AbortSignal): Promise<void> {
    try {
      while (!this.#checkWall()) {
        const left = (this.limits.wallSeconds - this.wallSeconds) * 1000;
        const wait = Math.floor(left) + 1;
        await this.#clock.sleep(Math.min(wait, MAX_SLEEP_MS), signal);
      }
    } catch {
      // Stopped in time.
    }
  }

  #checkWall(): boolean {
    const allowed = this.limits.wallSeconds;
    const measured = this.wallSeconds;
    if (measured <= allowed) return false;
    this.exceed({ limit: "wall-time", allowed, measured });
    return true;
  }
}
