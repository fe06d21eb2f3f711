/**
 * The worker that rests: a clone of the kind that was built in last, which has
 * woken and was stopped then, for the next build to take.
 *
 * @module
 */

import { orAborted } from "../system/waiting.ts";
import type { WorkerBody } from "./worker_body.ts";
import { planKey, type WorkerPlan } from "./worker_plan.ts";

/** When workers rest, in milliseconds. */
export interface RestingTimes {
  /** Builds that follow one another are not to wait for what may rest. */
  quiet: number;
  /** One that has rested for longer is replaced. */
  longest: number;
}

const usualTimes: RestingTimes = { quiet: 2000, longest: 3_600_000 };

/** What rests, and what is done with it. */
export interface RestingBody {
  close(): Promise<void>;
}

/** Starts a clone that rests; undefined if nothing of its kind was saved. */
export type StartResting<B> = (
  plan: WorkerPlan,
  signal: AbortSignal,
) => Promise<B | undefined>;

interface Resting<B> {
  readonly plan: WorkerPlan;
  readonly body: Promise<B | undefined>;
  /** Whether it has started. */
  started: boolean;
  /** Ends its start. */
  readonly stop: AbortController;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** At most one rests: which one is decided by who built last. */
export class RestingWorkers<B extends RestingBody = WorkerBody> {
  readonly #start: StartResting<B>;
  readonly #times: RestingTimes;
  #plan: WorkerPlan | undefined;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #isBusy = false;
  #resting: Resting<B> | undefined;

  constructor(start: StartResting<B>, times = usualTimes) {
    this.#start = start;
    this.#times = times;
  }

  /** Memory that the one takes at most which rests, or is about to. */
  get memoryBytes(): number {
    return this.#resting?.plan.memoryBytes ?? 0;
  }

  /** How many rest. */
  get count(): number {
    return this.#resting?.started ? 1 : 0;
  }

  /** From now on, one of this kind is to rest when nothing is built. */
  plan(plan: WorkerPlan | undefined): void {
    this.#plan = plan;
  }

  /** Nothing is built: has one rest if it stays so for a moment. */
  fillSoon(): void {
    this.#isBusy = false;
    this.#quiet ??= setTimeout(() => {
      this.#quiet = undefined;
      void this.fill();
    }, this.#times.quiet);
  }

  /** Something is built: what does not rest yet is not started. */
  wait(): void {
    this.#isBusy = true;
    this.#calm();
  }

  /** Has one rest, unless one does. Nobody need wait for it. */
  async fill(): Promise<void> {
    const plan = this.#plan;
    if (plan === undefined || this.#resting !== undefined) return;
    const stop = new AbortController();
    const body = this.#start(plan, stop.signal).catch((error) => {
      if (!stop.signal.aborted) {
        console.error("no worker rests:", error);
        this.#plan = undefined;
      }
      return undefined;
    });
    const timer = setTimeout(() => void this.#replace(), this.#times.longest);
    const resting = { plan, body, started: false, stop, timer };
    this.#resting = resting;
    resting.started = await body !== undefined;
    if (!resting.started && this.#resting === resting) this.#forget();
  }

  /**
   * Gives the one that rests to a build, which must close it. One of another
   * kind makes room: it holds what the build needs.
   */
  async take(plan: WorkerPlan, signal: AbortSignal): Promise<B | undefined> {
    const resting = this.#resting;
    if (resting === undefined) return undefined;
    if (planKey(plan) !== planKey(resting.plan)) {
      await this.drop();
      return undefined;
    }
    this.#forget();
    try {
      return await orAborted(resting.body, signal);
    } catch (error) {
      resting.stop.abort();
      await close(resting.body);
      throw error;
    }
  }

  /** Ends the one that rests, if it has started. @returns whether it had */
  async yield(): Promise<boolean> {
    return this.#resting?.started ? await this.drop() : false;
  }

  /** Ends the one that rests. @returns whether there was one */
  async drop(): Promise<boolean> {
    this.#calm();
    const resting = this.#resting;
    this.#forget();
    resting?.stop.abort();
    return await close(resting?.body);
  }

  async #replace(): Promise<void> {
    await this.drop();
    if (!this.#isBusy) await this.fill();
  }

  #calm(): void {
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
  }

  #forget(): void {
    clearTimeout(this.#resting?.timer);
    this.#resting = undefined;
  }
}

/** Closes one that may still start. @returns whether there was one */
async function close(
  starting: Promise<RestingBody | undefined> | undefined,
): Promise<boolean> {
  const body = await starting;
  try {
    await body?.close();
  } catch (error) {
    console.error("a worker that rested cannot be ended:", error);
  }
  return body !== undefined;
}
