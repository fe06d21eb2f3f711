/**
 * Runs the command line as a user would: as a process of its own, in the
 * scenario's directory.
 *
 * @module
 */

import type { CommandOutcome, ScenarioContext } from "./context.ts";
import { contractorCommand } from "./repository.ts";

/** A hang ends the test, not the whole run; cold builds under TCG need long. */
const LONGEST_COMMAND_MS = 45 * 60 * 1000;

/** Lines of output in a failure's message. */
const SHOWN_LINES = 40;

/**
 * Runs `contractor` with arguments and waits for its end; another command may
 * stand in for it.
 */
export async function runContractor(
  context: ScenarioContext,
  args: string[],
  program = contractorCommand,
): Promise<CommandOutcome> {
  const command = new Deno.Command(program, {
    args,
    cwd: context.directory,
    clearEnv: true,
    env: context.environment,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LONGEST_COMMAND_MS),
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Describes an outcome for a failure's message. */
export function describeOutcome({ code, stdout, stderr }: CommandOutcome) {
  return [
    `exit code: ${code}`,
    `stdout:\n${lastLines(stdout)}`,
    `stderr:\n${lastLines(stderr)}`,
  ].join("\n");
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-SHOWN_LINES)
    .map((line) => `  ${line}`).join("\n");
}
