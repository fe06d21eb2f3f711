/**
 * `contractor manager`: the outer virtual machine by hand.
 *
 * @module
 */

import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import type { InferValue } from "@optique/core/parser";
import { command, constant, option } from "@optique/core/primitives";
import { integer } from "@optique/core/valueparser";
import { PhaseClock } from "../../pipeline/phase_clock.ts";
import { ExitCode } from "../../errors.ts";
import {
  type ManagerLogs,
  managerLogs,
  managerStatus,
  startManager,
  stopManager,
} from "../actions.ts";
import { withInterrupt } from "../interrupt.ts";
import { toJsonText } from "../json_output.ts";
import { accelerator, json } from "../options.ts";
import { openProgressView } from "../progress_view.ts";
import { logsNote, managerStatusText } from "../status_text.ts";
import { foreignLines } from "../rows.ts";
import type { Terminal } from "../terminal.ts";

const startCommand = command(
  "start",
  object({ action: constant("start"), accelerator }),
  {
    brief: message`Start the manager.`,
    description:
      message`Starts the manager and waits until it answers, which can take a minute or more. Builds do so on their own.`,
  },
);

const stopCommand = command(
  "stop",
  object({
    action: constant("stop"),
    force: option("-f", "--force", {
      description:
        message`Stop it even while builds run, which then fail, or if it does not answer.`,
    }),
  }),
  {
    brief: message`Stop the manager.`,
    description:
      message`Powers the manager off; refuses to while builds run, unless forced.`,
  },
);

const statusCommand = command(
  "status",
  object({ action: constant("status"), json }),
  { brief: message`Show whether the manager runs, and what it uses.` },
);

/** What the agent gives at most (`manager.logs`). */
const MAX_LOG_LINES = 10_000;

const logsCommand = command(
  "logs",
  object({
    action: constant("logs"),
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
  {
    brief: message`Show the last lines of the manager's journal.`,
    description:
      message`Shows the last lines of the manager's journal, or of its console if it does not run or answer.`,
  },
);

export const managerCommand = command(
  "manager",
  object({
    command: constant("manager"),
    choice: or(startCommand, stopCommand, statusCommand, logsCommand, {
      errors: { noMatch: message`No action given.` },
    }),
  }),
  {
    brief: message`Start, stop or look at the manager.`,
    description:
      message`The manager is the outer virtual machine, which runs the workers. Builds start it when they need it, and it powers itself off when idle.`,
  },
);

type Options = InferValue<typeof managerCommand>;

export async function manager(
  { choice }: Options,
  terminal: Terminal,
): Promise<number> {
  const { stdout } = terminal;
  switch (choice.action) {
    case "start":
      stdout.write(await start(choice.accelerator, terminal));
      break;
    case "stop":
      stdout.write(
        await stopManager({ force: choice.force })
          ? "The manager is stopped\n"
          : "The manager was not running\n",
      );
      break;
    case "status": {
      const status = await managerStatus();
      stdout.write(
        choice.json ? toJsonText(status) : managerStatusText(status),
      );
      break;
    }
    case "logs":
      showLogs(await managerLogs({ lines: choice.lines }), terminal);
  }
  return ExitCode.success;
}

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
