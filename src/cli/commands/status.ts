/**
 * `contractor status`: the manager, running builds and caches.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, constant } from "@optique/core/primitives";
import { ExitCode } from "../../errors.ts";
import { overallStatus } from "../actions.ts";
import { toJsonText } from "../json_output.ts";
import { json } from "../options.ts";
import { overallStatusText } from "../status_text.ts";
import type { Terminal } from "../terminal.ts";

export const statusCommand = command(
  "status",
  object({ command: constant("status"), json }),
  { brief: message`Show the manager, running builds and caches.` },
);

export async function status(
  { json }: { json: boolean },
  { stdout }: Terminal,
): Promise<number> {
  const status = await overallStatus();
  stdout.write(json ? toJsonText(status) : overallStatusText(status));
  return ExitCode.success;
}
