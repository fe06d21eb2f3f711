/**
 * Runs a bound scenario, step by step.
 *
 * @module
 */

import type { BoundScenario } from "./bindings.ts";

/** A step that failed; its cause says why. */
export class StepError extends Error {
  override readonly name = "StepError";
}

/**
 * Runs the steps of a scenario up to the first that fails.
 *
 * @throws {StepError} that names the step and its line
 */
export async function runScenario<Context>(
  document: string,
  { steps }: BoundScenario<Context>,
  context: Context,
): Promise<void> {
  for (const { step, run } of steps) {
    try {
      await run(context);
    } catch (cause) {
      throw new StepError(
        `${document}:${step.line}: ${step.keyword} ${step.text}`,
        { cause },
      );
    }
  }
}
