/**
 * `contractor manager`: the outer virtual machine by hand.
 *
 * @module
 */

import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { integer } from "@optique/core/valueparser";
import { PhaseClock } from "../../pipeline/phase_clock.ts";
import { ExitCode } from "../../shared/errors.ts";
import {
  type ManagerLogs,
  managerLogs,
  managerStatus,
  startManager,
  stopManager,
} from "../actions.ts";
import { defineCommand } from "../command.ts";
import { withInterrupt } from "../interrupt.ts";
import { toJsonText } from "../json_output.ts";
import { accelerator, json } from "../options.ts";
import { openProgressView } from "../progress_view.ts";
import { logsNote, managerStatusText } from "../status_text.ts";
import { foreignLines } from "../rows.ts";
import type { Terminal } from "../terminal.ts";

const startCommand = defineCommand("start", {
  brief: message`Start the manager.`,
  description:
    message`Starts the manager and waits until it answers, which can take a minute or more. Builds do so on their own.`,
  options: object({ accelerator }),
  async run({ accelerator }, terminal) {
    terminal.stdout.write(await start(accelerator, terminal));
    return ExitCode.success;
  },
});

const stopCommand = defineCommand("stop", {
  brief: message`Stop the manager.`,
  description:
    message`Powers the manager off; refuses to while builds run, unless forced.`,
  options: object({
    force: option("-f", "--force", {
      description:
        message`Stop it even while builds run, which then fail, or if it does not answer.`,
    }),
  }),
  async run({ force }, { stdout }) {
    const stopped = await stopManager({ force });
    stdout.write(
      stopped ? "The manager is stopped\n" : "The manager was not running\n",
    );
    return ExitCode.success;
  },
});

const statusCommand = defineCommand("status", {
  brief: message`Show whether the manager runs, and what it uses.`,
  options: object({ json }),
  async run({ json }, { stdout }) {
    const status = await managerStatus();
    stdout.write(json ? toJsonText(status) : managerStatusText(status));
    return ExitCode.success;
  },
});

/** What the agent gives at most (`manager.logs`). */
const MAX_LOG_LINES = 10_000;

const logsCommand = defineCommand("logs", {
  brief: message`Show the last lines of the manager's journal.`,
  description:
    message`Shows the last lines of the manager's journal, or of its console if it does not run or answer.`,
  options: object({
    lines: withDefault(
      option(
        "-n",
        "--lines",
        integer({ metavar: "NUMBER", min: 1, max: MAX_LOG_LINES }),
        { description: message`How many lines to show. Default: 200.` },
      ),
      200,
    ),
  }),
  async run({ lines }, terminal) {
    showLogs(await managerLogs({ lines }), terminal);
    return ExitCode.success;
  },
});

export const managerCommand = defineCommand("manager", {
  brief: message`Start, stop or look at the manager.`,
  description:
    message`The manager is the outer virtual machine, which runs the workers. Builds start it when they need it, and it powers itself off when idle.`,
  options: or(
    startCommand.parser,
    stopCommand.parser,
    statusCommand.parser,
    logsCommand.parser,
    { errors: { noMatch: message`No action given.` } },
  ),
  run: (action, terminal) => action.run(terminal),
});

/** Starts the manager, shown as builds show it. */
async function start(
  accelerator: "auto" | "kvm" | "tcg" | undefined,
  terminal: Terminal,
): Promise<string> {
  const view = openProgressView(terminal);
  let message = "";
  try {
    await new PhaseClock(view.show).run("manager", async () => {
      const manager = await withInterrupt(
        (signal) => startManager({ accelerator, signal }),
        view.interrupt,
      );
      const state = manager.started ? "runs" : "was running";
      message = `The manager ${state} (${manager.accelerator})\n`;
      return manager.started ? "done" : "reused";
    });
  } finally {
    view.close();
  }
  return message;
}

function showLogs(logs: ManagerLogs, { stdout, stderr }: Terminal): void {
  if (logs.manager !== "answering") stderr.write(logsNote(logs) + "\n");
  stdout.write(foreignLines(logs.text, stdout));
}
