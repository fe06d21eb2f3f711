/**
 * `contractor schema`: the JSON Schema of a build spec.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { ExitCode } from "../../shared/errors.ts";
import { defineCommand } from "../command.ts";
import { toJsonText } from "../json_output.ts";

export const schemaCommand = defineCommand("schema", {
  brief: message`Print the JSON Schema of a build spec.`,
  description:
    message`Prints the JSON Schema of a build spec, for editors and other tools.`,
  options: object({}),
  async run(_, { stdout }) {
    const { specJsonSchema } = await import("../../spec/json_schema.ts");
    stdout.write(toJsonText(specJsonSchema()));
    return ExitCode.success;
  },
});
