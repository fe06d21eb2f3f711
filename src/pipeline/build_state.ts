import type { BuildReport } from "./report.ts";

/** What a build finds out as it goes; the report is made of it. */
export interface BuildState {
  image: BuildReport["image"];
  prepared: BuildReport["prepared"];
  manager: BuildReport["manager"];
  boot: BuildReport["boot"];
  buildStatus: number | null;
  usage: BuildReport["usage"];
  egress: BuildReport["egress"];
  violations: BuildReport["violations"];
  learned: BuildReport["learned"];
  retries: BuildReport["retries"];
  logBytes: number;
  workspace: Omit<BuildReport["workspace"], "path">;
}

export function initialBuildState(): BuildState {
  return {
    image: null,
    prepared: null,
    manager: null,
    boot: null,
    buildStatus: null,
    usage: { prepare: null, build: null },
    egress: {
      prepare: { allowed: [] },
      build: { allowed: [] },
      bytesFromHosts: 0,
      bytesToHosts: 0,
    },
    violations: { network: { total: 0, records: [] }, limits: [] },
    learned: null,
    retries: [],
    logBytes: 0,
    workspace: {
      exported: false,
      entries: 0,
      bytes: 0,
      notes: [],
      leftOut: { count: 0, programs: [], first: [] },
    },
  };
}
