/**
 * What the host finds against a build on its own, and what a build that learns
 * had to reach: a bounded record that others can watch grow.
 *
 * @module
 */

import type { EgressRule } from "../shared/network/egress_rule.ts";
import {
  type Attempt,
  type LimitRecord,
  MAX_ATTEMPT_RECORDS,
  type Verdict,
} from "../shared/rpc/verdict.ts";

/** As many as the manager accepts as rules. */
export const MAX_LEARNED = 2000;

/** Something new that was found. */
export type Finding =
  /** An attempt, when it is first seen. */
  | { type: "attempt"; attempt: Attempt }
  | { type: "limit"; record: LimitRecord }
  /** A destination that no rule allows, once under the same rules. */
  | ({ type: "learned" } & EgressRule);

/** An attempt as it happens. */
export type SeenAttempt = Omit<Attempt, "time" | "count">;

export class Findings {
  readonly #attempts = new Map<string, Attempt>();
  readonly #learned = new Map<string, EgressRule>();
  readonly #watchers = new Set<(finding: Finding) => void>();
  #total = 0;
  #limit: LimitRecord | undefined;

  addAttempt(seen: SeenAttempt): void {
    this.#total++;
    const { refusal, protocol, host, address, port } = seen;
    // A name may lead elsewhere each time.
    const target = host ?? address;
    const key = `${refusal} ${protocol} ${target} ${port}`;
    const known = this.#attempts.get(key);
    if (known !== undefined) {
      known.count++;
    } else if (this.#attempts.size < MAX_ATTEMPT_RECORDS) {
      const attempt = { ...seen, time: new Date().toISOString(), count: 1 };
      this.#attempts.set(key, attempt);
      this.#tell({ type: "attempt", attempt: { ...attempt } });
    }
  }

  addLimit(record: LimitRecord): void {
    if (this.#limit !== undefined) return;
    this.#limit = record;
    this.#tell({ type: "limit", record });
  }

  /** Whether a destination is learned; false if there are too many. */
  addLearned({ host, port, protocol }: EgressRule): boolean {
    const key = `${host} ${port} ${protocol}`;
    if (this.#learned.has(key)) return true;
    if (this.#learned.size >= MAX_LEARNED) return false;
    const rule = { host, port, protocol };
    this.#learned.set(key, rule);
    this.#tell({ type: "learned", ...rule });
    return true;
  }

  /** Forgets what was learned: under new rules it counts as new. */
  forgetLearned(): void {
    this.#learned.clear();
  }

  /** All that was found so far. */
  read(): Verdict {
    const records = [...this.#attempts.values()].map((attempt) => ({
      ...attempt,
    }));
    return {
      attempts: { total: this.#total, records },
      limit: this.#limit ?? null,
    };
  }

  /**
   * Tells all that was found so far, then what is found, until the signal
   * aborts.
   */
  async watch(
    watcher: (finding: Finding) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for (const attempt of this.read().attempts.records) {
      watcher({ type: "attempt", attempt });
    }
    for (const rule of this.#learned.values()) {
      watcher({ type: "learned", ...rule });
    }
    if (this.#limit) watcher({ type: "limit", record: this.#limit });
    this.#watchers.add(watcher);
    await new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#watchers.delete(watcher);
  }

  #tell(finding: Finding): void {
    for (const watcher of this.#watchers) watcher(finding);
  }
}
