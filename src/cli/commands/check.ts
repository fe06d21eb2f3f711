/**
 * `contractor check`: whether a build spec is valid.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import type { InferValue } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import { ExitCode } from "../../errors.ts";
import { escapeControls } from "../../spec/quote.ts";
import { toJsonLine } from "../json_output.ts";
import { allowPrivate, json, specFile } from "../options.ts";
import type { Terminal } from "../terminal.ts";

export const checkCommand = command(
  "check",
  object({ command: constant("check"), file: specFile, allowPrivate, json }),
  {
    brief: message`Check a build spec.`,
    description:
      message`Tells all mistakes in a build spec at once, with line and column, and what your configuration denies or does not open. Needs no virtual machine.`,
  },
);

export async function check(
  { file, allowPrivate, json }: InferValue<typeof checkCommand>,
  { stdout }: Terminal,
): Promise<number> {
  const { loadConfiguredSpec } = await import("../../config/load.ts");
  const { digest } = await loadConfiguredSpec(file, { allowPrivate });
  stdout.write(
    json
      ? toJsonLine({ type: "valid", file, digest })
      : `${escapeControls(file)}: valid\n`,
  );
  return ExitCode.success;
}
