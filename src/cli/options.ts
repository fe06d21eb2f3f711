/**
 * Arguments and options that several commands share.
 *
 * @module
 */

import { message } from "@optique/core/message";
import { multiple, optional } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { choice, string, type ValueParser } from "@optique/core/valueparser";

/**
 * A path that shells complete. The one of `@optique/run` loads the file system
 * modules of Node, which takes longer than all of a small command.
 */
const filePath: ValueParser<"sync", string> = {
  ...string({ metavar: "FILE" }),
  *suggest(prefix) {
    yield { kind: "file", type: "file", pattern: prefix };
  },
};

const directoryPath: ValueParser<"sync", string> = {
  ...string({ metavar: "DIR" }),
  *suggest(prefix) {
    yield { kind: "file", type: "any", pattern: prefix };
  },
};

/** The build spec; whether it exists is found out when it is read. */
export const specFile = argument(filePath, {
  description: message`The build spec, a YAML file, or - for standard input.`,
});

export const accelerator = optional(
  option("--accel", choice(["auto", "kvm", "tcg"], { metavar: "WHICH" }), {
    description:
      message`What runs the manager's CPUs: kvm needs nested virtualization, tcg works everywhere, slowly. Default: auto, or CONTRACTOR_ACCEL.`,
  }),
);

export const allowPrivate = multiple(
  option("--allow-private", string({ metavar: "HOST" }), {
    description:
      message`Let the spec name this private host: a name, an address or a range such as 10.0.0.0/8. Can be given again.`,
  }),
);

export const json = option("--json", {
  description: message`Print JSON, for programs.`,
});

/** The project's folder, if the user says which. */
export const project = optional(option("--project", directoryPath, {
  description:
    message`The project's folder, which source, workspace and worker image must lie in. Default: the checkout that the spec is in, else the spec's folder.`,
}));

/** What a spec may name outside of its project. */
export const allowPaths = multiple(option("--allow-path", directoryPath, {
  description:
    message`Let the spec use this folder or file outside of the project. Can be given several times.`,
}));
