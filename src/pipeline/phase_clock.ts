import type { BuildEvent, Phase, PhaseOutcome } from "./events.ts";
import type { Clock } from "./ports.ts";
import { systemClock } from "./system_clock.ts";

/** A finished phase, as the report lists it. */
export interface PhaseRecord {
  phase: Phase;
  outcome: PhaseOutcome;
  seconds: number;
}

/** Times the phases of one build and tells when they start and end. */
export class PhaseClock {
  readonly records: PhaseRecord[] = [];
  #current: { phase: Phase; startedAt: number } | undefined;

  constructor(
    readonly emit: (event: BuildEvent) => void,
    readonly clock: Pick<Clock, "now" | "elapsed"> = systemClock,
  ) {}

  /** The phase under way. */
  get current(): Phase | undefined {
    return this.#current?.phase;
  }

  /**
   * Runs a phase to its end. The work returns how it ended, or nothing for
   * `done`; when it throws, the phase failed.
   */
  async run(
    phase: Phase,
    work: () => Promise<PhaseOutcome | void>,
  ): Promise<void> {
    this.#start(phase);
    let outcome: PhaseOutcome = "failed";
    try {
      outcome = (await work()) ?? "done";
    } finally {
      this.#end(outcome);
    }
  }

  /** Records a phase that has nothing to do. */
  skip(phase: Phase): void {
    this.#start(phase);
    this.#end("skipped");
  }

  #start(phase: Phase): void {
    this.#current = { phase, startedAt: this.clock.elapsed() };
    this.emit({ type: "phase-start", time: isoTime(this.clock), phase });
  }

  #end(outcome: PhaseOutcome): void {
    const { phase, startedAt } = this.#current!;
    this.#current = undefined;
    const seconds = roundSeconds((this.clock.elapsed() - startedAt) / 1000);
    this.records.push({ phase, outcome, seconds });
    this.emit({
      type: "phase-end",
      time: isoTime(this.clock),
      phase,
      outcome,
      seconds,
    });
  }
}

/** The time of an event, ISO 8601 in UTC. */
export function isoTime(clock: Pick<Clock, "now">): string {
  return new Date(clock.now()).toISOString();
}

/** Seconds with milliseconds, for people and for JSON. */
export function roundSeconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
