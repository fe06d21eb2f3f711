/**
 * What a person sees of a build. Pure: events and the time go in, text to
 * write comes out.
 *
 * @module
 */

import type {
  BuildEvent,
  BuildOutcome,
  Phase,
  PhaseOutcome,
} from "../pipeline/events.ts";
import { escapeControls } from "../shared/quote.ts";
import { formatDuration } from "../spec/units.ts";
import { messageText } from "./report_error.ts";
import { escapeLine, foreignLines, ownLine } from "./rows.ts";
import { type Style, styled } from "./style.ts";
import type { Terminal } from "./terminal.ts";

/** Text, and the stream that it is for. */
export interface Chunk {
  readonly stream: keyof Terminal;
  readonly text: string;
}

/** How to show progress. */
export interface ProgressOptions {
  /** Redraw a line with the running phase on standard error. */
  readonly live: boolean;
  /** Colour progress on standard error. */
  readonly colour: boolean;
  /** Columns of standard error's screen, if it has one. */
  readonly columns: () => number | undefined;
  /** The same of the log on standard output. */
  readonly log: Pick<ProgressOptions, "colour" | "columns">;
  /**
   * Show nothing but the log, what everybody must know, and how the build ended
   * unless it succeeded.
   */
  readonly quiet: boolean;
}

const ERASE_LINE = "\r\x1b[K";

const titles: Record<Phase, string> = {
  "manager": "Starting the manager",
  "image": "Providing the worker image",
  "prepare": "Installing dependencies",
  "boot": "Booting the worker",
  "source-in": "Copying the source in",
  "build": "Building",
  "workspace-out": "Copying the workspace out",
  "report": "Writing the report",
};

const marks: Record<PhaseOutcome, readonly [string, Style]> = {
  done: ["✓", "green"],
  reused: ["✓", "green"],
  skipped: ["-", "dim"],
  failed: ["✗", "red"],
};

const endings: Record<BuildOutcome, string> = {
  "success": "Build succeeded in",
  "build-failed": "Build failed after",
  "limit-exceeded": "Build exceeded a limit after",
  "network-violation": "Build broke its network rules after",
  "interrupted": "Build was interrupted after",
  "error": "Could not build; gave up after",
};

/** Renders the events of one build. */
export class Progress {
  readonly #options: ProgressOptions;
  #running: { phase: Phase; since: number } | undefined;
  #liveLineShown = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** @param now milliseconds of a clock that never goes back */
  handle(event: BuildEvent, now: number): Chunk[] {
    if (event.type === "phase-start") {
      this.#running = { phase: event.phase, since: now };
    } else if (event.type === "phase-end" || event.type === "end") {
      this.#running = undefined;
    }
    const shown = this.#render(event);
    return shown.length === 0
      ? this.tick(now)
      : [...this.clear(), ...shown, ...this.tick(now)];
  }

  /** Redraws the line with the running phase. */
  tick(now: number): Chunk[] {
    const { live, quiet, colour } = this.#options;
    if (!live || quiet) return [];
    if (this.#running === undefined) return this.clear();
    const { phase, since } = this.#running;
    const elapsed = formatDuration((now - since) / 1000);
    this.#liveLineShown = true;
    const line = `… ${titles[phase]} ` + styled(elapsed, "dim", colour);
    return [{ stream: "stderr", text: ERASE_LINE + line }];
  }

  /** Removes the line with the running phase. */
  clear(): Chunk[] {
    if (!this.#liveLineShown) return [];
    this.#liveLineShown = false;
    return [{ stream: "stderr", text: ERASE_LINE }];
  }

  #render(event: BuildEvent): Chunk[] {
    if (event.type === "log") return this.#log(event.text);
    if (this.#options.quiet && !isForAll(event)) return [];
    switch (event.type) {
      case "start":
        return [];
      case "phase-start":
        return this.#options.live
          ? []
          : [progress(`==> ${titles[event.phase]}`)];
      case "phase-end":
        return [progress(this.#phaseEnd(event))];
      case "note":
        return [this.#line(this.#prefix + event.message)];
      case "learned":
        return [
          progress(`${this.#prefix}The build reached these hosts:`),
          { stream: "stderr", text: escapeLines(event.yaml) },
        ];
      case "end":
        return [this.#summary(event)];
    }
  }

  get #prefix(): string {
    return this.#options.live ? "  " : "==> ";
  }

  #log(text: string): Chunk[] {
    return text === ""
      ? []
      : [{ stream: "stdout", text: foreignLines(text, this.#options.log) }];
  }

  /** A line of Contractor's own, in which there may be words of others. */
  #line(line: string): Chunk {
    return {
      stream: "stderr",
      text: ownLine(escapeLine(line), this.#options.columns()),
    };
  }

  #phaseEnd(
    { phase, outcome, seconds }: Extract<BuildEvent, { type: "phase-end" }>,
  ): string {
    const { live, colour } = this.#options;
    const time = formatDuration(seconds);
    const result = {
      done: time,
      reused: `reused, ${time}`,
      skipped: "nothing to do",
      failed: `failed after ${time}`,
    }[outcome];
    if (!live) return `==> ${titles[phase]}: ${result}`;
    const [mark, style] = marks[outcome];
    return `${styled(mark, style, colour)} ${titles[phase]} ` +
      styled(result, "dim", colour);
  }

  #summary(event: Extract<BuildEvent, { type: "end" }>): Chunk {
    const { colour, columns } = this.#options;
    const { outcome, seconds, error, log, report } = event;
    const workspace = event.exported ? event.workspace : "unchanged";
    const ending = `${endings[outcome]} ${formatDuration(seconds)}`;
    const style = outcome === "success" ? "green" : "red";
    return {
      stream: "stderr",
      text: (error ? messageText("error", error, colour, columns()) : "") +
        styled(styled(ending, style, colour), "bold", colour) + "\n" +
        // The spec chose the first path. The others are left to be copied.
        ownLine(`  workspace  ${escapeLine(workspace)}`, columns()) +
        `  log        ${escapeLine(log)}\n` +
        `  report     ${escapeLine(report)}\n`,
    };
  }
}

/** Whether an event is also for those who want quiet. */
function isForAll(event: BuildEvent): boolean {
  return event.type === "end"
    ? event.outcome !== "success"
    : event.type === "note" && event.always === true;
}

function escapeLines(text: string): string {
  return text.split("\n").map(escapeControls).join("\n");
}

function progress(line: string): Chunk {
  return { stream: "stderr", text: line + "\n" };
}
