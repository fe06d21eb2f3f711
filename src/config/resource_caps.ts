/**
 * What builds may ask for at most. A user's configuration caps the limits of
 * specs; where it says nothing, the caps here hold.
 *
 * @module
 */

import type { DataProblem } from "../spec/explain.ts";
import type { Position } from "../spec/problem.ts";
import { quote } from "../spec/quote.ts";
import { defaults, type ResourcesData } from "../spec/schema.ts";
import {
  durationKind,
  parseQuantity,
  type QuantityKind,
  rateKind,
  sizeKind,
} from "../spec/units.ts";

interface Limit {
  /** Undefined: a plain number. */
  readonly kind?: QuantityKind;
  /** What holds where nobody says anything, in base units. */
  readonly default?: number;
  /** What a spec may have without its user's word, as written. */
  readonly cap?: string;
}

/**
 * The limits of a spec, by their keys. A cap of ours is more than builds need
 * and less than what harms a machine. The manager's
 * data disk no build can have; processors and memory are those of the manager.
 */
const LIMITS = {
  "cpus": {},
  "memory": { kind: sizeKind, default: defaults.memoryBytes },
  "disk": { kind: sizeKind, default: defaults.diskBytes, cap: "60 GiB" },
  "cpu-time": { kind: durationKind },
  "wall-time": {
    kind: durationKind,
    default: defaults.wallTimeSeconds,
    cap: "1 d",
  },
  "boot-timeout": { kind: durationKind, default: defaults.bootTimeoutSeconds },
  "log": { kind: sizeKind, default: defaults.logBytes, cap: "1 GiB" },
  "bandwidth.rate": { kind: rateKind },
  "bandwidth.total": { kind: sizeKind },
} satisfies Record<string, Limit>;

/** The key of a limit, its levels parted by dots. */
export type LimitKey = keyof typeof LIMITS;

/** A cap as it is written in a configuration, and where. */
export interface Cap extends Position {
  readonly key: LimitKey;
  readonly written: string | number;
}

const limits = Object.entries(LIMITS) as [LimitKey, Limit][];

/** The caps that a configuration sets. */
export function readCaps(
  max: ResourcesData,
  positionOf: (path: readonly string[]) => Position,
): Cap[] {
  return limits.flatMap(([key]) => {
    const written = valueAt(max, key);
    return written === undefined
      ? []
      : [{ key, written, ...positionOf(key.split(".")) }];
  });
}

/** What a user has set for the limits of all builds. */
export interface OwnLimits {
  /** The configuration; undefined if there is none. */
  readonly path: string | undefined;
  /** Limits of specs that do not set them. */
  readonly resources: ResourcesData;
  readonly caps: readonly Cap[];
}

/**
 * The limits that want more than their user lets them have.
 *
 * @returns mistakes in a document that has these `resources`
 */
export function findExcess(
  wanted: ResourcesData,
  { path, resources, caps }: OwnLimits,
): DataProblem[] {
  return limits.flatMap(([key, { kind, cap: ours }]) => {
    const value = valueAt(wanted, key);
    if (value === undefined) return [];
    const own = caps.find((cap) => cap.key === key);
    // What the user gives all builds, a spec may ask for.
    const most = own?.written ??
      larger(kind, ours, valueAt(resources, key));
    if (most === undefined || amount(kind, value) <= amount(kind, most)) {
      return [];
    }
    return [{
      path: ["resources", ...key.split(".")],
      part: "value" as const,
      message: `Expected at most ${show(most)} for "resources.${key}", got ${
        show(value)
      }`,
      hint: own === undefined
        ? `Your configuration can allow more, with \`resources.max.${key}\``
        : `Your configuration caps it at ${path}:${own.line}:${own.column}`,
    }];
  });
}

/**
 * Limits under the caps: what is not set, and would be beyond its cap, is the
 * cap. The processors are as many as the manager has, which nobody knows yet.
 */
export function capUnset(
  set: ResourcesData,
  caps: readonly Cap[],
): ResourcesData {
  let { bandwidth = {}, ...capped } = set;
  for (const { key, written } of caps) {
    const { kind, default: general = Infinity }: Limit = LIMITS[key];
    if (key === "cpus" || valueAt(set, key) !== undefined) continue;
    if (amount(kind, written) >= general) continue;
    const [first, second] = key.split(".") as [string, string?];
    if (second === undefined) capped = { ...capped, [first]: written };
    else bandwidth = { ...bandwidth, [second]: written };
  }
  return { ...capped, bandwidth };
}

/** Most processors of a worker whose spec does not say; undefined: no cap. */
export function capOfCpus(caps: readonly Cap[]): number | undefined {
  const cap = caps.find(({ key }) => key === "cpus");
  return cap && Number(cap.written);
}

function valueAt(
  data: ResourcesData,
  key: LimitKey,
): string | number | undefined {
  if (key === "bandwidth.rate") return data.bandwidth?.rate;
  if (key === "bandwidth.total") return data.bandwidth?.total;
  return data[key];
}

/** In base units; what is compared has passed the schema. */
function amount(kind: QuantityKind | undefined, written: string | number) {
  return kind === undefined
    ? Number(written)
    : parseQuantity(kind, String(written))!;
}

/** Undefined without a cap of ours, whatever else there is. */
function larger(
  kind: QuantityKind | undefined,
  ours: string | undefined,
  other: string | number | undefined,
): string | number | undefined {
  if (ours === undefined || other === undefined) return ours;
  return amount(kind, other) > amount(kind, ours) ? other : ours;
}

function show(written: string | number): string {
  return typeof written === "number" ? String(written) : quote(written);
}
