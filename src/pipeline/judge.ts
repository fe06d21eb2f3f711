import type { EgressRule } from "../shared/rpc/protocol.ts";
import type { Verdict } from "../shared/rpc/verdict.ts";
import type { Phase } from "./events.ts";
import type { Ports } from "./ports.ts";
import { toViolations, violationError, type Violations } from "./violations.ts";

/**
 * How often the manager is asked while a build runs. It would tell by itself;
 * but an emulated processor that waits has been seen to sleep for minutes, timers
 * and all, until something from outside woke it.
 */
const HEARTBEAT_MS = 2_000;

/** How long the manager may take to end the workers and tell why. */
const VERDICT_TIMEOUT_MS = 60_000;

type JudgePorts = Pick<Ports, "agent" | "egress" | "clock">;

/**
 * Brings together what the manager and the host's own dialer find against a
 * build. Neither the worker nor its exit status has a say.
 */
export class Judge {
  readonly #build: string;
  readonly #ports: JudgePorts;
  readonly #condemned = new AbortController();
  readonly #watching = new AbortController();
  readonly #interruption: AbortSignal;
  readonly #watched: Promise<void>;
  #beating: Promise<void> | undefined;
  readonly #phase: () => Phase;
  /** What was reached beyond the rules, by phase. */
  readonly learned = { prepare: [] as EgressRule[], build: [] as EgressRule[] };

  /**
   * @param interruption the user's; ends the build as well
   * @param phase what the build is doing
   */
  constructor(
    build: string,
    ports: JudgePorts,
    interruption: AbortSignal,
    phase: () => Phase,
  ) {
    this.#build = build;
    this.#ports = ports;
    this.#interruption = interruption;
    this.#phase = phase;
    this.#watched = this.#watch();
  }

  /** Aborts when the build must end. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#interruption, this.#condemned.signal]);
  }

  /** The manager knows of the build from now on, and is asked about it. */
  open(): void {
    this.#beating ??= this.#beat();
  }

  /**
   * Passes unless something was found against the build.
   *
   * @throws {NetworkViolationError | LimitExceededError}
   */
  async requireInnocence(): Promise<void> {
    const verdicts = [await this.#askManager(), await this.#askHost()];
    const error = violationError(toViolations(verdicts, this.#phase()));
    if (error !== undefined) throw error;
  }

  /**
   * All that was found so far. A manager that is gone cannot be asked: the
   * host's own findings stand.
   */
  async violations(): Promise<Violations> {
    const ofManager = await this.#askManager().catch(() => undefined);
    const verdicts = [...(ofManager ? [ofManager] : []), await this.#askHost()];
    return toViolations(verdicts, this.#phase());
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    this.#watching.abort();
    await Promise.all([this.#watched, this.#beating]);
  }

  /** A host is told again when the rules change. */
  #learn(known: EgressRule[], rule: EgressRule): void {
    const isKnown = known.some(({ host, port, protocol }) =>
      host === rule.host && port === rule.port && protocol === rule.protocol
    );
    if (!isKnown) known.push(rule);
  }

  #askHost(): Promise<Verdict> {
    return this.#ports.egress.verdict();
  }

  /** The manager ends the workers first if it has found anything. */
  async #askManager(signal?: AbortSignal): Promise<Verdict> {
    const { agent, clock } = this.#ports;
    return await agent.call(
      "build.verdict",
      { build: this.#build },
      AbortSignal.any([
        clock.timeout(VERDICT_TIMEOUT_MS),
        ...(signal ? [signal] : []),
      ]),
    );
  }

  async #beat(): Promise<void> {
    const { signal } = this.#watching;
    while (!signal.aborted) {
      await this.#ports.clock.pause(HEARTBEAT_MS, signal);
      if (signal.aborted) return;
      try {
        const verdicts = [await this.#askManager(signal)];
        const found = violationError(toViolations(verdicts, this.#phase()));
        if (found !== undefined) this.#condemned.abort();
      } catch {
        // Whatever else is under way with the manager tells why.
      }
    }
  }

  async #watch(): Promise<void> {
    try {
      await this.#ports.egress.watch((finding) => {
        if (finding.type !== "learned") return this.#condemned.abort();
        const { host, port, protocol } = finding;
        const phase = this.#phase() === "prepare" ? "prepare" : "build";
        this.#learn(this.learned[phase], { host, port, protocol });
      }, this.#watching.signal);
    } catch {
      // The watch is over.
    }
  }
}
