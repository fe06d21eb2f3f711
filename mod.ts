/**
 * The `contractor` command, which builds software in nested virtual machines.
 * It is a program, not a library: it gives up most of its permissions.
 *
 * @module
 */

import { main as runCommand } from "./src/cli/main.ts";

/**
 * Runs a command line.
 *
 * @param args without the program's name
 * @returns the exit code, as `README.md` lists them
 */
export async function main(args: readonly string[]): Promise<number> {
  return await runCommand(args);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
