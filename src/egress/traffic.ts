/**
 * How much a build may send and receive, and how fast: both directions of all
 * its connections together.
 *
 * @module
 */

import { type Clock, systemClock } from "../shared/limits/clock.ts";
import { RateLimiter } from "../shared/limits/rate_limiter.ts";
import type { LimitRecord } from "../shared/rpc/verdict.ts";

/** Limits of a build's traffic; absent ones are unlimited. */
export interface TrafficLimits {
  readonly totalBytes?: number | undefined;
  readonly bitsPerSecond?: number | undefined;
}

/** Lets bytes pass as long as there is something left of the total. */
export class Traffic {
  readonly #onExceeded: (record: LimitRecord) => void;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  #limits: TrafficLimits = {};
  #rate: RateLimiter;
  #passed = 0;
  #exceeded = false;

  /** @param onExceeded told once */
  constructor(
    onExceeded: (record: LimitRecord) => void,
    clock: Clock = systemClock,
  ) {
    this.#onExceeded = onExceeded;
    this.#clock = clock;
    this.#rate = new RateLimiter(undefined, clock);
  }

  /** Aborted when the total is used up: all connections are to end. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get isExceeded(): boolean {
    return this.#exceeded;
  }

  /** Sets the limits; what has passed before still counts. */
  configure(limits: TrafficLimits): void {
    if (limits.bitsPerSecond !== this.#limits.bitsPerSecond) {
      this.#rate = new RateLimiter(limits.bitsPerSecond, this.#clock);
    }
    this.#limits = limits;
  }

  /**
   * Resolves when it is the turn of these bytes.
   *
   * @returns how many of them may pass; after fewer than all, call `end`
   * @throws the signal's reason if it aborts before
   */
  async admit(bytes: number, signal: AbortSignal): Promise<number> {
    const admitted = this.#takeFromTotal(bytes);
    await this.#rate.take(admitted, signal);
    return admitted;
  }

  /** Ends all connections, now that what was left of the total has passed. */
  end(): void {
    this.#ended.abort(new Error("The total of bytes is used up"));
  }

  #takeFromTotal(bytes: number): number {
    const { totalBytes } = this.#limits;
    const left = totalBytes === undefined
      ? bytes
      : Math.max(0, totalBytes - this.#passed);
    const admitted = Math.min(bytes, left);
    if (admitted < bytes && !this.#exceeded) {
      this.#exceeded = true;
      this.#onExceeded({
        limit: "bandwidth.total",
        allowed: totalBytes!,
        measured: this.#passed + bytes,
      });
    }
    this.#passed += admitted;
    return admitted;
  }
}
