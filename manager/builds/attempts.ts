/**
 * What a build's workers tried and were not allowed to.
 *
 * @module
 */

import {
  type Attempt,
  MAX_ATTEMPT_RECORDS,
  type Verdict,
} from "../../src/shared/rpc/verdict.ts";

/** An attempt as it is seen: once, and now. */
export type SeenAttempt = Omit<Attempt, "time" | "count">;

/** Keeps the first attempts of each kind, and counts all. */
export class AttemptLog {
  readonly #records = new Map<string, Attempt>();
  readonly #onAttempt: () => void;
  #total = 0;

  /** @param onAttempt told of every attempt */
  constructor(onAttempt: () => void) {
    this.#onAttempt = onAttempt;
  }

  /** Notes attempts that are alike; `times` is at least 1. */
  add(seen: SeenAttempt, times = 1): void {
    this.#total += times;
    const { protocol, refusal, host, address, port, content, claimed } = seen;
    const key = JSON.stringify(
      [protocol, refusal, host, address, port, content, claimed],
    );
    const known = this.#records.get(key);
    if (known !== undefined) known.count += times;
    else if (this.#records.size < MAX_ATTEMPT_RECORDS) {
      const time = new Date().toISOString();
      this.#records.set(key, { time, ...seen, count: times });
    }
    this.#onAttempt();
  }

  get total(): number {
    return this.#total;
  }

  read(): Verdict["attempts"] {
    return {
      total: this.#total,
      records: [...this.#records.values()].map((record) => ({ ...record })),
    };
  }
}
