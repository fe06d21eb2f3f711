/**
 * What a build tells while it runs; the command line shows it as progress, or
 * prints it as JSON lines.
 *
 * @module
 */

/** The phases of a build, in order. */
export const phases = [
  "manager",
  "image",
  "prepare",
  "boot",
  "source-in",
  "build",
  "workspace-out",
  "report",
] as const;
export type Phase = typeof phases[number];

/** How a phase ended; `reused` means that a cache or a running VM served. */
export type PhaseOutcome = "done" | "reused" | "skipped" | "failed";

/** How a build ended. */
export type BuildOutcome =
  | "success"
  | "build-failed"
  | "limit-exceeded"
  | "network-violation"
  | "interrupted"
  | "error";

/** An event of a build; `time` is ISO 8601 in UTC, durations are in seconds. */
export type BuildEvent =
  | { type: "start"; time: string; build: string; spec: string }
  | { type: "phase-start"; time: string; phase: Phase }
  | {
    type: "phase-end";
    time: string;
    phase: Phase;
    outcome: PhaseOutcome;
    seconds: number;
  }
  /**
   * Something the user should know, such as the hosts allowed by default;
   * `always` if also one who wants quiet.
   */
  | { type: "note"; time: string; message: string; always?: boolean }
  /** What a build that learns had to reach, to be put into the build spec. */
  | { type: "learned"; time: string; yaml: string }
  /** Output of the playbook or the build; complete, sanitized lines. */
  | { type: "log"; time: string; text: string }
  | {
    type: "end";
    time: string;
    outcome: BuildOutcome;
    exitCode: number;
    seconds: number;
    /** Why it did not succeed. */
    error?: { code: string; message: string; hint?: string; detail?: string };
    /** Absolute paths on the host. */
    log: string;
    report: string;
    workspace: string;
    /** Whether the workspace is this build's; otherwise it is as it was. */
    exported: boolean;
  };
