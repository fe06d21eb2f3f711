import { setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";

interface Sleeper {
  wakesAt: number;
  wake(): void;
}

/** A clock for tests, which moves only when told to. */
export class ManualClock implements Clock {
  #now = 0;
  #sleepers: Sleeper[] = [];

  /** How many wait now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const sleeper = {
        wakesAt: this.#now + milliseconds,
        wake: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      const abort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** Moves on, and wakes each sleeper at its time. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.wakesAt - b.wakesAt)[0];
      if (next === undefined || next.wakesAt > end) break;
      this.#now = Math.max(this.#now, next.wakesAt);
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      next.wake();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets everything run that waits for promises alone, however long a chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
