import type {
  MethodParams,
  MethodResult,
  Usage,
} from "../shared/rpc/protocol.ts";
import type { BuildAgent } from "./build_agent.ts";
import type { Fact, WorkerUse } from "./facts.ts";
import type { Clock } from "./ports.ts";

/** How long the manager may take to end a worker. */
const END_TIMEOUT_MS = 60_000;

/**
 * The workers of a build, one after another. The one that runs is known here
 * until it has ended, and what it used is recorded then.
 */
export class Workers {
  readonly #agent: BuildAgent;
  readonly #clock: Clock;
  readonly #record: (fact: Fact) => void;
  #running: { id: string; use: WorkerUse } | undefined;

  constructor(
    agent: BuildAgent,
    clock: Clock,
    record: (fact: Fact) => void,
  ) {
    this.#agent = agent;
    this.#clock = clock;
    this.#record = record;
  }

  /** Boots the next worker. */
  async boot(
    use: WorkerUse,
    params: Omit<MethodParams<"worker.boot">, "seconds">,
  ): Promise<MethodResult<"worker.boot">> {
    const seconds = this.#clock.now() / 1000;
    const booted = await this.#agent.call("worker.boot", {
      ...params,
      seconds,
    });
    this.#running = { id: booted.worker, use };
    return booted;
  }

  /** Destroys the worker that runs, if one does. */
  async destroy(signal?: AbortSignal): Promise<void> {
    if (this.#running === undefined) return;
    const { id } = this.#running;
    const { usage } = await this.#agent.call(
      "worker.destroy",
      { worker: id },
      signal,
    );
    this.noteEnd(usage);
  }

  /** Ends a worker that a failure has left. */
  async end(): Promise<void> {
    try {
      await this.destroy(this.#clock.timeout(END_TIMEOUT_MS));
    } catch {
      // It is gone already, and its measurements with it.
    }
  }

  /** Notes that the worker has ended, and what it used. */
  noteEnd(usage: Usage): void {
    const { use } = this.#running!;
    this.#running = undefined;
    this.#record({ type: "used", use, usage });
  }
}
