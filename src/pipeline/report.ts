/**
 * The record of a build, `report.json`: what was built from what, how long
 * each phase took, what the worker used, and how it ended.
 *
 * @module
 */

import { basename, join } from "node:path";
import { type ContractorError, ExitCode } from "../shared/errors.ts";
import type { LeftOutEntries } from "../guest/trees/left_out.ts";
import type { EgressRule, Usage } from "../shared/rpc/protocol.ts";
import type { OutsidePlace } from "../project/load_project.ts";
import { STANDARD_INPUT } from "../spec/read_text_file.ts";
import { CONTRACTOR_VERSION } from "../shared/version.ts";
import type { BuildOutcome } from "./events.ts";
import type { FactSheet } from "./facts.ts";
import type { BuildJob } from "./job.ts";
import { outcomeOf } from "./outcome.ts";
import type { Violations } from "./violations.ts";
import type { PhaseRecord } from "./phase_clock.ts";
import type { Retry } from "./second_try.ts";

/** Shape of `report.json`; sizes in bytes, times in seconds. */
export interface BuildReport {
  /** Raised when a field changes its meaning. */
  format: 1;
  contractor: string;
  build: string;
  startedAt: string;
  endedAt: string;
  seconds: number;
  spec: { path: string; sha256: string };
  /** Where the spec's paths must lie, and what the user allowed besides. */
  project: { folder: string | null; outside: OutsidePlace[] };
  image: { path: string; sha256: string; format: string } | null;
  /** The prepared worker disk, by the digest of what went into it. */
  prepared: { key: string; reused: boolean } | null;
  manager: { version: string; accelerator: string } | null;
  /** Whether the worker that built was there already, or had to boot. */
  boot: "ready" | "booted" | null;
  phases: PhaseRecord[];
  /** Tries of a phase that were repeated: workers died, emulated. */
  retries: Retry[];
  outcome: BuildOutcome;
  exitCode: number;
  /** Exit status of the build commands, as the worker tells it. */
  buildStatus: number | null;
  /** What was found against the build, outside of the worker. */
  violations: Violations;
  /** Whether hosts that no rule allows could be reached, and which were. */
  learned: { prepare: EgressRule[]; build: EgressRule[] } | null;
  error: {
    code: string;
    message: string;
    hint: string | null;
    detail: string | null;
  } | null;
  /** Measured outside the worker. */
  usage: { prepare: Usage | null; build: Usage | null };
  egress: {
    prepare: { allowed: EgressRule[] };
    build: { allowed: EgressRule[] };
    /** Counted by the dialer on the host. */
    bytesFromHosts: number;
    bytesToHosts: number;
  };
  log: { path: string; bytes: number };
  workspace: {
    path: string;
    exported: boolean;
    entries: number;
    bytes: number;
    /** Entries of the worker's archive that were left out, and why. */
    notes: string[];
    /** What programs would run by themselves: it did not come back. */
    leftOut: LeftOutEntries;
  };
}

/** When a build began and ended, and what its phases took. */
export interface Times {
  startedAt: string;
  endedAt: string;
  seconds: number;
  phases: PhaseRecord[];
}

/** The report of a build, from all that is known of it. */
export function makeReport(
  { id, project, log }: BuildJob,
  { logBytes, workspace, ...facts }: FactSheet,
  { phases, ...times }: Times,
  error: ContractorError | undefined,
): BuildReport {
  const { spec, path, digest } = project;
  return {
    format: 1,
    contractor: CONTRACTOR_VERSION,
    build: id,
    ...times,
    spec: {
      path: path === STANDARD_INPUT
        ? path
        : join(spec.paths.folder, basename(path)),
      sha256: digest,
    },
    project: {
      folder: project.project ?? null,
      outside: [...project.outside],
    },
    ...facts,
    phases,
    outcome: outcomeOf(error),
    exitCode: error?.exitCode ?? ExitCode.success,
    error: error
      ? {
        code: error.code,
        message: error.message,
        hint: error.hint ?? null,
        detail: error.detail ?? null,
      }
      : null,
    log: { path: log, bytes: logBytes },
    workspace: { path: spec.paths.workspace, ...workspace },
  };
}
