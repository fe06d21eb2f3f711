/**
 * Progress on a terminal as it happens.
 *
 * @module
 */

import type { BuildEvent } from "../pipeline/events.ts";
import { type Chunk, Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Where events go. */
export interface View {
  show(event: BuildEvent): void;
  /** Tells that the user's interrupt is heeded. */
  interrupt(): void;
  close(): void;
}

/** How often the elapsed time is redrawn. */
const REDRAW_MS = 200;

/** Shows events to a person; where that is possible, with a running clock. */
export function openProgressView(terminal: Terminal, quiet = false): View {
  const { stdout, stderr } = terminal;
  const { live, colour, columns } = stderr;
  const log = { colour: stdout.colour, columns: stdout.columns };
  const progress = new Progress({ live, colour, columns, log, quiet });
  const write = (chunks: Chunk[]) => {
    for (const { stream, text } of chunks) terminal[stream].write(text);
  };
  const timer = live && !quiet
    ? setInterval(() => write(progress.tick(performance.now())), REDRAW_MS)
    : undefined;
  return {
    show: (event) => write(progress.handle(event, performance.now())),
    interrupt() {
      write(progress.clear());
      stderr.write("Interrupted: cleaning up; once more to end now\n");
    },
    close() {
      clearInterval(timer);
      write(progress.clear());
    },
  };
}
