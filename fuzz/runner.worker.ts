/**
 * Runs a target in a thread of its own, which can be ended in the middle.
 *
 * @module
 */

import { inputsOf } from "./inputs.ts";
import { SharedInput } from "./shared_input.ts";
import type { Target, TargetModule } from "./target.ts";

/** What to run. */
export interface RunRequest {
  /** URL of the target's module. */
  module: string;
  corpus: Uint8Array[];
  seed: number;
  /**
   * The run ends at this time, in milliseconds since 1970, or after so many
   * inputs, but not within the corpus.
   */
  deadline: number;
  executions: number;
  shared: SharedArrayBuffer;
}

/** How a run ended; a failure is the shared input's. */
export interface RunEnd {
  executions: number;
  failure: string | undefined;
}

/** Milliseconds after which events, such as lost rejections, have a turn. */
const TURN_MS = 100;

/** The global scope of a worker thread, as far as it is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<RunRequest>) => void;
  postMessage(message: RunEnd): void;
}

const thread = self as unknown as WorkerScope;

thread.onmessage = async ({ data }: MessageEvent<RunRequest>) => {
  const { default: target }: TargetModule = await import(data.module);
  thread.postMessage(await run(target, data));
};

async function run(target: Target, request: RunRequest): Promise<RunEnd> {
  const { corpus, seed, deadline, shared } = request;
  const current = new SharedInput(shared);
  const least = corpus.length;
  let nextTurn = Date.now() + TURN_MS;
  let executions = 0;
  for (const input of inputsOf(target, corpus, seed)) {
    const now = Date.now();
    const isOver = now >= deadline || executions >= request.executions;
    if (executions >= least && isOver) break;
    current.start(input);
    executions++;
    try {
      const checked = target.check(input);
      if (checked !== undefined) await checked;
    } catch (error) {
      return { executions, failure: describe(error) };
    }
    if (now >= nextTurn) {
      await takeTurn();
      nextTurn = Date.now() + TURN_MS;
    }
  }
  await takeTurn();
  return { executions, failure: undefined };
}

function takeTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
