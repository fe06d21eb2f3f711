/**
 * What is to be built, all of which is known before a build begins, and what
 * follows from it alone.
 *
 * @module
 */

import { join } from "node:path";
import type { ProxySettings } from "../egress/proxy_settings.ts";
import type { ProjectSpec } from "../project/load_project.ts";
import type { WorkerDemand } from "../shared/rpc/protocol.ts";
import type { BuildLimits } from "../shared/rpc/verdict.ts";
import type { Resources } from "../spec/limits.ts";

/** One build. */
export interface BuildJob {
  /** Identifier of the build. */
  readonly id: string;
  readonly project: ProjectSpec;
  /** Whether a prepared worker disk of an earlier build may serve. */
  readonly useCache: boolean;
  /** Also reach hosts that no rule allows, and record them. */
  readonly learn: boolean;
  /** What the host dials through. */
  readonly proxy: ProxySettings;
  /** Directory for the disks that the build hands to the manager. */
  readonly staging: string;
  readonly log: string;
  readonly report: string;
  /** Whether there is a workspace of an earlier build. */
  readonly hasWorkspace: boolean;
  /** What the user should know before the build. */
  readonly notes: readonly string[];
}

/** Path of the disk with a build's trees in its staging directory. */
export function treesDiskPath(staging: string): string {
  return join(staging, "trees.disk");
}

/** Serial number in the manager of a disk that a build hands to it. */
export function diskSerial(
  { id }: Pick<BuildJob, "id">,
  disk: "image" | "trees",
): string {
  return `${id}-${disk}`;
}

/** What each worker of a build is to get. */
export function workerDemand(
  { cpus, memoryBytes, diskBytes }: Resources,
  maxCpus: number | undefined,
): WorkerDemand {
  return {
    ...(cpus !== undefined && { cpus }),
    ...(maxCpus !== undefined && { maxCpus }),
    memoryBytes,
    diskBytes,
  };
}

/** The limits that hold for all workers of a build together. */
export function buildLimits(
  {
    cpuTimeSeconds,
    wallTimeSeconds,
    logBytes,
    networkBytes,
    networkBitsPerSecond,
  }: Resources,
): BuildLimits {
  return {
    wallSeconds: wallTimeSeconds,
    logBytes,
    ...(cpuTimeSeconds !== undefined && { cpuSeconds: cpuTimeSeconds }),
    ...(networkBytes !== undefined && { networkBytes }),
    ...(networkBitsPerSecond !== undefined && { networkBitsPerSecond }),
  };
}
