/**
 * `contractor status`: the manager, running builds and caches.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { ExitCode } from "../../shared/errors.ts";
import { overallStatus } from "../actions.ts";
import { defineCommand } from "../command.ts";
import { toJsonText } from "../json_output.ts";
import { json } from "../options.ts";
import { overallStatusText } from "../status_text.ts";

export const statusCommand = defineCommand("status", {
  brief: message`Show the manager, running builds and caches.`,
  options: object({ json }),
  async run({ json }, { stdout }) {
    const status = await overallStatus();
    stdout.write(json ? toJsonText(status) : overallStatusText(status));
    return ExitCode.success;
  },
});
