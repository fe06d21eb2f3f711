/**
 * `contractor dump`: a build spec as JSON.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { option } from "@optique/core/primitives";
import { ExitCode } from "../../shared/errors.ts";
import { defineCommand } from "../command.ts";
import { toJsonText } from "../json_output.ts";
import { specFile } from "../options.ts";

export const dumpCommand = defineCommand("dump", {
  brief: message`Print a build spec as JSON.`,
  description:
    message`Checks a build spec and prints its data as JSON, with the keys as they are written. Needs no virtual machine.`,
  options: object({
    file: specFile,
    json: option("--json", {
      description: message`Print mistakes as JSON, too.`,
    }),
  }),
  async run({ file }, { stdout }) {
    const { loadBuildSpec } = await import("../../spec/load.ts");
    const { data } = await loadBuildSpec(file);
    stdout.write(toJsonText(data));
    return ExitCode.success;
  },
});
