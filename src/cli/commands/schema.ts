/**
 * `contractor schema`: the JSON Schema of a build spec.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, constant } from "@optique/core/primitives";
import { ExitCode } from "../../errors.ts";
import { toJsonText } from "../json_output.ts";
import type { Terminal } from "../terminal.ts";

export const schemaCommand = command(
  "schema",
  object({ command: constant("schema") }),
  {
    brief: message`Print the JSON Schema of a build spec.`,
    description:
      message`Prints the JSON Schema of a build spec, for editors and other tools.`,
  },
);

export async function schema({ stdout }: Terminal): Promise<number> {
  const { specJsonSchema } = await import("../../spec/json_schema.ts");
  stdout.write(toJsonText(specJsonSchema()));
  return ExitCode.success;
}
