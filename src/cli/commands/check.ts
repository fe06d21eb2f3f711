/**
 * `contractor check`: whether a build spec is valid.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { ExitCode } from "../../shared/errors.ts";
import { defineCommand } from "../command.ts";
import { toJsonLine } from "../json_output.ts";
import {
  allowPaths,
  allowPrivate,
  json,
  project,
  specFile,
} from "../options.ts";
import { escapeLine } from "../rows.ts";

export const checkCommand = defineCommand("check", {
  brief: message`Check a build spec.`,
  description:
    message`Tells all mistakes in a build spec at once, with line and column, what your configuration denies or does not open, and what is wrong with the image and the folders that it names. Needs no virtual machine.`,
  options: object({
    file: specFile,
    project,
    allowPaths,
    allowPrivate,
    json,
  }),
  async run(
    { file, project, allowPaths, allowPrivate, json },
    { stdout, stderr },
  ) {
    const { describeOutside, loadProject } = await import(
      "../../project/load_project.ts"
    );
    const { checkPlaces } = await import("../../pipeline/spec_places.ts");
    const { digest, spec, outside } = await loadProject(file, {
      project,
      allowPaths,
      allowPrivate,
    });
    await checkPlaces(spec);
    const note = describeOutside(outside);
    if (json) {
      stdout.write(toJsonLine({ type: "valid", file, digest, outside }));
    } else {
      if (note !== undefined) stderr.write(`${escapeLine(note)}\n`);
      stdout.write(`${escapeLine(file)}: valid\n`);
    }
    return ExitCode.success;
  },
});
