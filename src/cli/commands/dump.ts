/**
 * `contractor dump`: a build spec as JSON.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, constant, option } from "@optique/core/primitives";
import { ExitCode } from "../../errors.ts";
import { toJsonText } from "../json_output.ts";
import { specFile } from "../options.ts";
import type { Terminal } from "../terminal.ts";

export const dumpCommand = command(
  "dump",
  object({
    command: constant("dump"),
    file: specFile,
    json: option("--json", {
      description: message`Print mistakes as JSON, too.`,
    }),
  }),
  {
    brief: message`Print a build spec as JSON.`,
    description:
      message`Checks a build spec and prints its data as JSON, with the keys as they are written. Needs no virtual machine.`,
  },
);

export async function dump(
  { file }: { file: string },
  { stdout }: Terminal,
): Promise<number> {
  const { loadBuildSpec } = await import("../../spec/load.ts");
  const { data } = await loadBuildSpec(file);
  stdout.write(toJsonText(data));
  return ExitCode.success;
}
