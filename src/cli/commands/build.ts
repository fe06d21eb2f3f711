/**
 * `contractor build`: a build, shown as it happens.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { commandLine, message } from "@optique/core/message";
import { option } from "@optique/core/primitives";
import { readOwnProxy, runBuild } from "../actions.ts";
import { defineCommand } from "../command.ts";
import { withInterrupt } from "../interrupt.ts";
import { toJsonLine } from "../json_output.ts";
import {
  accelerator,
  allowPaths,
  allowPrivate,
  json,
  project,
  specFile,
} from "../options.ts";
import { openProgressView, type View } from "../progress_view.ts";
import type { Terminal } from "../terminal.ts";

export const buildCommand = defineCommand("build", {
  brief: message`Build what a build spec says.`,
  description:
    message`Builds in a virtual machine inside a virtual machine. The log goes to standard output, each line behind a "|", and progress to standard error.`,
  footer:
    message`Exit codes: 0 success, 1 build failed, 2 wrong usage or spec, 3 trouble with the machine, 4 limit exceeded, 5 network rules broken, 130 interrupted. Example: ${
      commandLine("contractor build hello.yaml")
    }`,
  options: object({
    file: specFile,
    project,
    allowPaths,
    accelerator,
    noCache: option("--no-cache", {
      description:
        message`Install the dependencies anew, even if a prepared worker is kept.`,
    }),
    learn: option("--learn", {
      description:
        message`Let the build reach any public host by name, and print the network section that allows what it reached, to review and paste.`,
    }),
    allowPrivate,
    quiet: option("-q", "--quiet", {
      description:
        message`Show the log alone, what you must know, and how the build ended if it failed.`,
    }),
    json,
  }),
  async run(options, terminal) {
    const view = options.json
      ? jsonView(terminal)
      : openProgressView(terminal, options.quiet);
    try {
      return await withInterrupt(
        (signal) =>
          runBuild({
            specPath: options.file,
            project: options.project,
            allowPaths: options.allowPaths,
            accelerator: options.accelerator,
            useCache: !options.noCache,
            learn: options.learn,
            allowPrivate: options.allowPrivate,
            readProxy: readOwnProxy,
            onEvent: view.show,
            signal,
          }),
        view.interrupt,
      );
    } finally {
      view.close();
    }
  },
});

function jsonView({ stdout }: Terminal): View {
  return {
    show: (event) => stdout.write(toJsonLine(event)),
    interrupt() {},
    close() {},
  };
}
