/**
 * What a phase is: a function of what it works with and of what the phases
 * before it gave, to what it gives.
 *
 * @module
 */

import type { BuildAgent } from "./build_agent.ts";
import type { PhaseOutcome } from "./events.ts";
import type { Fact } from "./facts.ts";
import type { BuildJob } from "./job.ts";
import type { Judge } from "./judge.ts";
import type { Ports } from "./ports.ts";
import type { Workers } from "./workers.ts";

/** What all phases of a build work with. */
export interface PhaseContext {
  readonly job: BuildJob;
  readonly ports: Pick<Ports, "host" | "trees" | "egress" | "clock">;
  readonly agent: BuildAgent;
  readonly workers: Workers;
  readonly judge: Judge;
  /** The user's. */
  readonly interruption: AbortSignal;
  /** Takes down what the report is to say, even if the phase fails. */
  readonly record: (fact: Fact) => void;
  /** Tells the user something; `always` if also one who wants quiet. */
  readonly note: (message: string, options?: { always?: boolean }) => void;
}

/** How a phase ended, and what it gives to the next ones. */
export interface PhaseResult<T> {
  readonly outcome: PhaseOutcome;
  readonly value: T;
}
