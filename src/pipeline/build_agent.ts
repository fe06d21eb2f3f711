import type { WorkerStep } from "../guest/session/agent_session.ts";
import type {
  MethodName,
  MethodParams,
  MethodResult,
} from "../shared/rpc/protocol.ts";
import type { Agent } from "./ports.ts";

/** The agent as a build calls it: whatever it does ends when the build must. */
export class BuildAgent {
  readonly #agent: Pick<Agent, "call" | "runStep">;
  readonly #judge: { readonly signal: AbortSignal };
  readonly #onText: (text: string) => void;

  /**
   * @param judge whose signal aborts when the build must end
   * @param onText told what workers print
   */
  constructor(
    agent: Pick<Agent, "call" | "runStep">,
    judge: { readonly signal: AbortSignal },
    onText: (text: string) => void,
  ) {
    this.#agent = agent;
    this.#judge = judge;
    this.#onText = onText;
  }

  call<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    signal: AbortSignal = this.#judge.signal,
  ): Promise<MethodResult<M>> {
    return this.#agent.call(method, params, signal);
  }

  /** Runs a step in a worker, showing what it prints; gives its exit status. */
  runStep(worker: string, step: WorkerStep): Promise<number> {
    return this.#agent.runStep(worker, step, this.#onText, this.#judge.signal);
  }
}
