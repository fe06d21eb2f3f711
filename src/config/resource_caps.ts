/**
 * What builds may ask for at most. A user's configuration caps the limits of
 * specs; where it says nothing, the caps here hold.
 *
 * @module
 */

import type { DataProblem } from "../spec/explain.ts";
import type { Position } from "../spec/problem.ts";
import { quote } from "../shared/quote.ts";
import {
  amountOf,
  type Limit,
  type LimitKey,
  limitRows,
  LIMITS,
  type ResourcesData,
  withLimit,
  writtenLimit,
} from "../spec/limits.ts";
import type { QuantityKind } from "../spec/units.ts";

/** A cap as it is written in a configuration, and where. */
export interface Cap extends Position {
  readonly key: LimitKey;
  readonly written: string | number;
}

/** The caps that a configuration sets. */
export function readCaps(
  max: ResourcesData,
  positionOf: (path: readonly string[]) => Position,
): Cap[] {
  return limitRows.flatMap(([key]) => {
    const written = writtenLimit(max, key);
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
  return limitRows.flatMap(([key, { kind, cap: ours }]) => {
    const value = writtenLimit(wanted, key);
    if (value === undefined) return [];
    const own = caps.find((cap) => cap.key === key);
    // What the user gives all builds, a spec may ask for.
    const most = own?.written ??
      larger(kind, ours, writtenLimit(resources, key));
    if (most === undefined || amountOf(kind, value) <= amountOf(kind, most)) {
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
  return caps.reduce((capped, { key, written }) => {
    const { kind, default: general = Infinity }: Limit = LIMITS[key];
    return key === "cpus" || writtenLimit(set, key) !== undefined ||
        amountOf(kind, written) >= general
      ? capped
      : withLimit(capped, key, written);
  }, set);
}

/** Most processors of a worker whose spec does not say; undefined: no cap. */
export function capOfCpus(caps: readonly Cap[]): number | undefined {
  const cap = caps.find(({ key }) => key === "cpus");
  return cap && Number(cap.written);
}

/** Undefined without a cap of ours, whatever else there is. */
function larger(
  kind: QuantityKind | undefined,
  ours: string | undefined,
  other: string | number | undefined,
): string | number | undefined {
  if (ours === undefined || other === undefined) return ours;
  return amountOf(kind, other) > amountOf(kind, ours) ? other : ours;
}

function show(written: string | number): string {
  return typeof written === "number" ? String(written) : quote(written);
}
