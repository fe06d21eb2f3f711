/**
 * Ctrl-C and its like: the first asks the command to end, the second ends it.
 *
 * @module
 */

import { ExitCode, InterruptedError } from "../shared/errors.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs an action with a signal that the user's first interrupt aborts.
 *
 * @param onInterrupt is told of the first interrupt
 */
export async function withInterrupt<T>(
  action: (signal: AbortSignal) => Promise<T>,
  onInterrupt: () => void = () => {},
): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) Deno.exit(ExitCode.interrupted);
    controller.abort(new InterruptedError());
    onInterrupt();
  };
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  try {
    return await action(controller.signal);
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
  }
}
