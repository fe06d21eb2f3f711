/**
 * Runs a target under the eyes of another thread: an input that takes too long
 * or too much memory is a failure, too.
 *
 * @module
 */

import type { RunEnd, RunRequest } from "./runner.worker.ts";
import { SharedInput } from "./shared_input.ts";

/** What a run is given, and may take. */
export interface RunOptions extends Omit<RunRequest, "shared"> {
  /** Longest time of one input, in seconds. */
  inputSeconds?: number;
  /** What the process may grow by, in bytes. */
  growthBytes?: number;
}

/** What came of a run. */
export interface RunResult {
  executions: number;
  seconds: number;
  failure: { input: Uint8Array<ArrayBuffer>; message: string } | undefined;
}

/** Far more than any input takes, also on a machine with other work. */
const INPUT_SECONDS = 20;

/** Garbage that was not collected yet is the most of it. */
const GROWTH_BYTES = 1024 ** 3;

const LOOK_MS = 50;

/** Runs a target to its end, or to the first failure. */
export async function runTarget(options: RunOptions): Promise<RunResult> {
  const { inputSeconds = INPUT_SECONDS, growthBytes = GROWTH_BYTES, ...rest } =
    options;
  const shared = new SharedInput();
  const worker = new Worker(import.meta.resolve("./runner.worker.ts"), {
    type: "module",
  });
  const ended = Promise.withResolvers<RunEnd>();
  const fail = (failure: string) =>
    ended.resolve({ executions: shared.started, failure });
  worker.addEventListener(
    "message",
    ({ data }: MessageEvent<RunEnd>) => ended.resolve(data),
  );
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(`Nobody caught, of this input or one before: ${event.message}`);
  });
  const started = performance.now();
  const timer = watch(shared, { inputSeconds, growthBytes }, fail);
  worker.postMessage({ ...rest, shared: shared.buffer } satisfies RunRequest);
  const { executions, failure } = await ended.promise;
  clearInterval(timer);
  worker.terminate();
  return {
    executions,
    seconds: (performance.now() - started) / 1000,
    failure: failure === undefined
      ? undefined
      : { input: shared.input, message: failure },
  };
}

function watch(
  shared: SharedInput,
  bounds: { inputSeconds: number; growthBytes: number },
  fail: (failure: string) => void,
): ReturnType<typeof setInterval> {
  const memoryBefore = Deno.memoryUsage().rss;
  let current = shared.started;
  let since = performance.now();
  return setInterval(() => {
    if (shared.started !== current) {
      current = shared.started;
      since = performance.now();
    }
    const hasStarted = current > 0;
    if (hasStarted && performance.now() - since > bounds.inputSeconds * 1000) {
      fail(`It takes longer than ${bounds.inputSeconds} s`);
    }
    const growth = Deno.memoryUsage().rss - memoryBefore;
    if (growth > bounds.growthBytes) {
      fail(`The process grew by ${growth} bytes`);
    }
  }, LOOK_MS);
}
