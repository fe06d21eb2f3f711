/**
 * The `contractor` command.
 *
 * @module
 */

import { ExitCode } from "../errors.ts";
import { build } from "./commands/build.ts";
import { check } from "./commands/check.ts";
import { dump } from "./commands/dump.ts";
import { manager } from "./commands/manager.ts";
import { schema } from "./commands/schema.ts";
import { status } from "./commands/status.ts";
import { type Command, parseArguments } from "./parse_arguments.ts";
import { reportError } from "./report_error.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/** Runs a command line; returns the exit code. */
export async function main(
  args: readonly string[],
  terminal: Terminal = openTerminal(),
): Promise<number> {
  const json = args.includes("--json");
  try {
    const command = parseArguments(args, terminal);
    return command ? await run(command, terminal) : ExitCode.success;
  } catch (error) {
    return reportError(error, terminal, json);
  }
}

function run(command: Command, terminal: Terminal): Promise<number> {
  switch (command.command) {
    case "build":
      return build(command, terminal);
    case "check":
      return check(command, terminal);
    case "dump":
      return dump(command, terminal);
    case "schema":
      return schema(terminal);
    case "status":
      return status(command, terminal);
    case "manager":
      return manager(command, terminal);
  }
}
