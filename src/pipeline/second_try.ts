/**
 * A second try for a worker that died by itself: an emulated processor takes an
 * interrupt twice now and then, and the worker's kernel panics. A real one does
 * not, so there a death is final.
 *
 * @module
 */

import { ContractorError } from "../shared/errors.ts";
import { configureEgress } from "./configure_egress.ts";
import { toReportedError } from "./outcome.ts";
import type { PhaseContext } from "./phase.ts";

/** A try that was repeated, as the report lists it. */
export interface Retry {
  phase: "prepare" | "boot";
  reason: string;
  /** The end of the worker's console, safe to print. */
  detail: string | null;
}

/** What else decides on a second try. */
export interface Circumstances {
  /** `kvm` or `tcg`; undefined if it is not known. */
  accelerator: string | undefined;
  /** Whether the build has to end: interrupted, or something was found. */
  isOver: boolean;
}

/** Whether a failed try may be the emulation's fault. */
export function deservesSecondTry(
  error: unknown,
  { accelerator, isOver }: Circumstances,
): boolean {
  return accelerator === "tcg" && !isOver &&
    error instanceof ContractorError && error.code === "manager-worker-died";
}

/**
 * Tries what a phase does with its worker, and once more if the worker dies.
 * The first one is gone by then, and reaches no hosts; what it did stays found,
 * and all that it used stays counted.
 */
export async function tryTwice<T>(
  context: PhaseContext,
  { phase, accelerator }: {
    phase: Retry["phase"];
    accelerator: Circumstances["accelerator"];
  },
  attempt: () => Promise<T>,
): Promise<T> {
  const { judge, workers, record, note } = context;
  try {
    return await attempt();
  } catch (error) {
    const { signal } = judge;
    if (!deservesSecondTry(error, { accelerator, isOver: signal.aborted })) {
      throw error;
    }
    await workers.destroy(signal);
    await configureEgress(context, []);
    await judge.requireInnocence();
    const { message, detail } = toReportedError(error, signal);
    const retry = { phase, reason: message, detail: detail ?? null };
    record({ type: "retried", retry });
    note(
      `The worker died, perhaps by a fault of the emulation: trying once more. ${message}`,
    );
  }
  return await attempt();
}
