/**
 * The `contractor` command.
 *
 * @module
 */

import { ExitCode } from "../shared/errors.ts";
import { parseArguments } from "./parse_arguments.ts";
import { reportError } from "./report_error.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/** Runs a command line; returns the exit code. */
export async function main(
  args: readonly string[],
  terminal: Terminal = openTerminal(),
): Promise<number> {
  const json = args.includes("--json");
  try {
    const invocation = parseArguments(args, terminal);
    return await invocation?.run(terminal) ?? ExitCode.success;
  } catch (error) {
    return reportError(error, terminal, json);
  }
}
