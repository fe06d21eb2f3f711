import { deepEqual } from "node:assert/strict";
import type { BuildEvent } from "../pipeline/events.ts";
import { openProgressView } from "./progress_view.ts";
import { recordedTerminal } from "./recorded_terminal.ts";

const time = "2030-01-01T00:00:00.000Z";
const start: BuildEvent = { type: "phase-start", time, phase: "manager" };

Deno.test("openProgressView shows events on standard error", () => {
  const terminal = recordedTerminal();
  const view = openProgressView(terminal);
  view.show(start);
  view.interrupt();
  view.close();
  deepEqual(terminal.text(), [
    "",
    "==> Starting the manager\nInterrupted: cleaning up; once more to end now\n",
  ]);
});

Deno.test("openProgressView leaves neither clock nor line on a terminal", () => {
  const { stdout, stderr, text } = recordedTerminal();
  const view = openProgressView({ stdout, stderr: { ...stderr, live: true } });
  view.show(start);
  view.close();
  deepEqual(text(), [
    "",
    "\r\x1b[K… Starting the manager 0.0 s\r\x1b[K",
  ]);
});
