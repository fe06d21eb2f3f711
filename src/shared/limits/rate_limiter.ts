/**
 * Shapes traffic with a token bucket.
 *
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";

/** Longest wait in one go; a longer one is waited for in parts. */
const MAX_SLEEP_MS = 3_600_000;

/** What may go at once after a pause: so much time's worth, or more. */
const BURST_MS = 100;
const MIN_BURST_BYTES = 64 * 1024;

/**
 * Lets bytes go at a given speed. Whoever shares one limiter shares the speed,
 * and takes turns in the order in which they asked.
 */
export class RateLimiter {
  /** Undefined if nothing is limited. */
  readonly #bytesPerMs: number | undefined;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param bitsPerSecond undefined for no limit */
  constructor(bitsPerSecond: number | undefined, clock: Clock = systemClock) {
    this.#bytesPerMs = bitsPerSecond === undefined
      ? undefined
      : bitsPerSecond / 8000;
    this.#burst = Math.max(
      MIN_BURST_BYTES,
      (this.#bytesPerMs ?? 0) * BURST_MS,
    );
    this.#clock = clock;
    this.#tokens = this.#burst;
    this.#filledAt = clock.now();
  }

  /**
   * Resolves when so many bytes may go.
   *
   * @throws the signal's reason if it aborts before; then nothing was taken
   */
  take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#bytesPerMs === undefined) return Promise.resolve();
    const rate = this.#bytesPerMs;
    const taken = this.#turn.then(() => this.#waitAndTake(bytes, rate, signal));
    this.#turn = taken.catch(() => {});
    return taken;
  }

  /** More than a burst goes when the bucket is full, and is owed for. */
  async #waitAndTake(
    bytes: number,
    rate: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    const needed = Math.min(bytes, this.#burst);
    for (;;) {
      this.#fill(rate);
      const missing = needed - this.#tokens;
      if (missing <= 0) break;
      const wait = Math.max(1, Math.ceil(missing / rate));
      await this.#clock.sleep(Math.min(wait, MAX_SLEEP_MS), signal);
    }
    this.#tokens -= bytes;
  }

  #fill(rate: number): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + (now - this.#filledAt) * rate,
    );
    this.#filledAt = now;
  }
}
