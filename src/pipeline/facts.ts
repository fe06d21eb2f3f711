/**
 * What a build finds out. Its phases record facts as they learn them, also
 * those that fail later; nobody changes one, and what the report says is folded
 * from all of them.
 *
 * @module
 */

import type { RuleUsage } from "../egress/usage_meter.ts";
import type { ExportedTree } from "../guest/keeper.ts";
import type { EgressRule, Usage } from "../shared/rpc/protocol.ts";
import type { BuildReport } from "./report.ts";
import type { Retry } from "./second_try.ts";
import { addUsage } from "./usage.ts";
import type { Violations } from "./violations.ts";

/** What a worker is for. */
export type WorkerUse = "prepare" | "build";

export type Fact =
  | { type: "manager"; version: string; accelerator: string }
  | { type: "image"; image: NonNullable<BuildReport["image"]> }
  | { type: "prepared"; key: string; reused: boolean }
  /** The hosts that its workers may reach. */
  | { type: "allowed"; use: WorkerUse; rules: EgressRule[] }
  | { type: "booted"; origin: NonNullable<BuildReport["boot"]> }
  | { type: "retried"; retry: Retry }
  /** A worker has ended. */
  | { type: "used"; use: WorkerUse; usage: Usage }
  | { type: "built"; status: number }
  | { type: "exported"; tree: ExportedTree }
  | { type: "found"; violations: Violations }
  | { type: "learned"; learned: NonNullable<BuildReport["learned"]> }
  | { type: "logged"; bytes: number }
  | { type: "dialed"; usage: readonly RuleUsage[] };

/** The part of a report that facts make. */
export type FactSheet =
  & Pick<
    BuildReport,
    | "image"
    | "prepared"
    | "manager"
    | "boot"
    | "buildStatus"
    | "usage"
    | "egress"
    | "violations"
    | "learned"
    | "retries"
  >
  & { logBytes: number; workspace: Omit<BuildReport["workspace"], "path"> };

const nothing: FactSheet = {
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

/** All facts of a build together; of most kinds the last one holds. */
export function foldFacts(facts: readonly Fact[]): FactSheet {
  return facts.reduce(addFact, nothing);
}

function addFact(sheet: FactSheet, fact: Fact): FactSheet {
  switch (fact.type) {
    case "manager": {
      const { version, accelerator } = fact;
      return { ...sheet, manager: { version, accelerator } };
    }
    case "image":
      return { ...sheet, image: fact.image };
    case "prepared": {
      const { key, reused } = fact;
      return { ...sheet, prepared: { key, reused } };
    }
    case "allowed": {
      const { use, rules } = fact;
      const egress = { ...sheet.egress, [use]: { allowed: rules } };
      return { ...sheet, egress };
    }
    case "booted":
      return { ...sheet, boot: fact.origin };
    case "retried":
      return { ...sheet, retries: [...sheet.retries, fact.retry] };
    case "used": {
      const { use, usage } = fact;
      const sum = addUsage(sheet.usage[use], usage);
      return { ...sheet, usage: { ...sheet.usage, [use]: sum } };
    }
    case "built":
      return { ...sheet, buildStatus: fact.status };
    case "exported": {
      const { kept, ...tree } = fact.tree;
      const notes = kept === undefined ? tree.notes : [...tree.notes, kept];
      return { ...sheet, workspace: { exported: true, ...tree, notes } };
    }
    case "found":
      return { ...sheet, violations: fact.violations };
    case "learned":
      return { ...sheet, learned: fact.learned };
    case "logged":
      return { ...sheet, logBytes: fact.bytes };
    case "dialed":
      return { ...sheet, egress: addDialed(sheet.egress, fact.usage) };
  }
}

function addDialed(
  egress: FactSheet["egress"],
  usage: readonly RuleUsage[],
): FactSheet["egress"] {
  const sum = (key: "bytesFromHost" | "bytesToHost") =>
    usage.reduce((total, used) => total + used[key], 0);
  return {
    ...egress,
    bytesFromHosts: egress.bytesFromHosts + sum("bytesFromHost"),
    bytesToHosts: egress.bytesToHosts + sum("bytesToHost"),
  };
}
