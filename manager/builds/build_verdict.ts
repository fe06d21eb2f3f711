/**
 * What is held against a build: the attempts of its workers, and the limit
 * that it exceeded. The first of either ends the build.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import type { BuildLimits, Verdict } from "../../src/shared/rpc/verdict.ts";
import { AttemptLog } from "./attempts.ts";
import { Budget } from "../limits/budget.ts";

/** Whoever tries one thing often tries more: this long it is listened to. */
const GRACE_MS = 500;

/** The error of whatever was under way when something was found. */
export function violation(): AgentError {
  return new AgentError("violation", "Something is held against the build");
}

/** The verdict on one build, as far as it is known. */
export class BuildVerdict {
  readonly attempts: AttemptLog;
  readonly budget: Budget;
  readonly #onCondemned: () => void;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** @param onCondemned called once, when the build's workers must end */
  constructor(limits: BuildLimits, onCondemned: () => void) {
    this.#onCondemned = onCondemned;
    this.attempts = new AttemptLog(() => this.#onAttempt());
    this.budget = new Budget(limits, () => this.#condemn());
  }

  /** Whether anything was found. */
  get found(): boolean {
    return this.attempts.total > 0 || this.budget.exceeded !== undefined;
  }

  read(): Verdict {
    return {
      attempts: this.attempts.read(),
      limit: this.budget.exceeded ?? null,
    };
  }

  /** The build is over: nothing is waited for any more. */
  close(): void {
    this.#ended = true;
    clearTimeout(this.#grace);
    this.budget.close();
  }

  #onAttempt(): void {
    if (this.#ended) return;
    this.#grace ??= setTimeout(() => this.#condemn(), GRACE_MS);
  }

  #condemn(): void {
    if (this.#ended) return;
    this.close();
    this.#onCondemned();
  }
}
