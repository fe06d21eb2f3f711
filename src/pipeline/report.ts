/**
 * The record of a build, `report.json`: what was built from what, how long
 * each phase took, what the worker used, and how it ended.
 *
 * @module
 */

import type { LeftOutEntries } from "../guest/left_out.ts";
import type { EgressRule, Usage } from "../rpc/protocol.ts";
import type { OutsidePlace } from "../project/load_project.ts";
import type { BuildOutcome } from "./events.ts";
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
