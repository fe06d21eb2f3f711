/**
 * Steps that do something.
 *
 * @module
 */

import { splitCommandLine } from "../command_line.ts";
import { type ScenarioContext, step } from "../context.ts";
import { describeOutcome, runContractor } from "../invoke.ts";

export const actionSteps = [
  step("when I invoke contractor {args:text}", succeed),
  step("when I run contractor {args:text}", succeed),

  step(
    "when I try to run contractor {args:text}",
    async (context, { args }) => {
      context.outcome = await runContractor(context, splitCommandLine(args));
    },
  ),

  step(
    "when I replace file {path:path} with {name:file}",
    async (context, { path, name }) => {
      await Deno.writeTextFile(context.resolve(path), context.embedded(name));
    },
  ),

  step("when I remove file {path:path}", async (context, { path }) => {
    await Deno.remove(context.resolve(path));
  }),
];

async function succeed(
  context: ScenarioContext,
  { args }: { args: string },
): Promise<void> {
  context.outcome = await runContractor(context, splitCommandLine(args));
  if (context.outcome.code !== 0) {
    throw new Error(`Command failed\n${describeOutcome(context.outcome)}`);
  }
}
