/**
 * `contractor check`: whether a build spec is valid.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, constant } from "@optique/core/primitives";
import { ExitCode } from "../../errors.ts";
import { toJsonLine } from "../json_output.ts";
import { json, specFile } from "../options.ts";
import { escapeLine } from "../rows.ts";
import type { Terminal } from "../terminal.ts";

export const checkCommand = command(
  "check",
  object({ command: constant("check"), file: specFile, json }),
  {
    brief: message`Check a build spec.`,
    description:
      message`Tells all mistakes in a build spec at once, with line and column, and what your configuration denies. Needs no virtual machine.`,
  },
);

export async function check(
  { file, json }: { file: string; json: boolean },
  { stdout }: Terminal,
): Promise<number> {
  const { loadConfiguredSpec } = await import("../../config/load.ts");
  const { digest } = await loadConfiguredSpec(file);
  stdout.write(
    json
      ? toJsonLine({ type: "valid", file, digest })
      : `${escapeLine(file)}: valid\n`,
  );
  return ExitCode.success;
}
