/**
 * What the worker that builds does before and while it builds.
 *
 * @module
 */

import { EnvironmentError } from "../shared/errors.ts";
import type { WorkerStep } from "../guest/session/agent_session.ts";
import type { BootedWorker } from "./boot_phase.ts";
import type { PhaseContext, PhaseResult } from "./phase.ts";

/**
 * Has the worker unpack the previous workspace, and the source over it.
 *
 * @throws {EnvironmentError} `worker-step-failed`
 */
export async function unpackTrees(
  context: PhaseContext,
  { worker, packed }: BootedWorker,
): Promise<PhaseResult<void>> {
  const bytes = packed.exportOffset;
  await runOwnStep(context, worker, { kind: "source-in", bytes });
  return { outcome: "done", value: undefined };
}

/** Runs the build commands; gives their exit status. */
export async function runCommands(
  { job, agent, record }: PhaseContext,
  { worker }: BootedWorker,
): Promise<PhaseResult<number>> {
  const script = job.project.spec.build;
  const status = await agent.runStep(worker, { kind: "build", script });
  record({ type: "built", status });
  return { outcome: status === 0 ? "done" : "failed", value: status };
}

/**
 * Runs a step that only a broken worker fails in, or a full one.
 *
 * @param explain throws if it knows better why
 * @throws {EnvironmentError} `worker-step-failed`
 */
export async function runOwnStep(
  { agent }: Pick<PhaseContext, "agent">,
  worker: string,
  step: WorkerStep,
  explain: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const exitCode = await agent.runStep(worker, step);
  if (exitCode === 0) return;
  await explain();
  throw new EnvironmentError(
    "worker-step-failed",
    `The worker failed to do "${step.kind}": exit status ${exitCode}`,
    { hint: "The log says why; a full disk in the worker is a common cause" },
  );
}
