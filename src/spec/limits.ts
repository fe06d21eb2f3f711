/**
 * The limits of a build: all that is known of each but how it is measured.
 *
 * Schemas, defaults, caps and messages follow from this table. A limit whose
 * excess ends a build is also a `LimitName` of the protocol.
 *
 * @module
 */

import { MAX_DISK_BYTES } from "../shared/limits/disk_size.ts";
import {
  durationKind,
  parseQuantity,
  type QuantityKind,
  rateKind,
  sizeKind,
} from "./units.ts";

/** A row of the table; numbers in base units. */
export interface Limit {
  /** Its property in {@linkcode Resources}, which names the unit. */
  readonly property: string;
  /** Undefined: a plain number, of these. */
  readonly kind?: QuantityKind;
  readonly plural?: string;
  readonly description: string;
  readonly min: number;
  /** More than any build uses. */
  readonly max?: number;
  /** What holds where nobody says anything. */
  readonly default?: number;
  /** What holds then, where it is neither a number nor "unlimited". */
  readonly unset?: string;
  /**
   * What a spec may have without its user's word, as written: more than builds
   * need and less than what harms a machine.
   */
  readonly cap?: string;
  /** What a build that exceeds it had too much of, if that ends it. */
  readonly exceeded?: string;
}

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;
const HOUR = 3600;

/** The limits by their keys, whose levels are parted by dots. */
export const LIMITS = {
  "cpus": {
    property: "cpus",
    plural: "CPUs",
    description: "CPUs of the worker",
    min: 1,
    max: 64,
    unset: "those of the manager",
  },
  "memory": {
    property: "memoryBytes",
    kind: sizeKind,
    description: "Memory of the worker",
    min: 64 * MEBIBYTE,
    max: 1024 * GIBIBYTE,
    default: 2 * GIBIBYTE,
  },
  "disk": {
    property: "diskBytes",
    kind: sizeKind,
    description: "Disk space that the build may use",
    min: MEBIBYTE,
    max: MAX_DISK_BYTES,
    default: 20 * GIBIBYTE,
    cap: "60 GiB",
    exceeded: "disk space",
  },
  "cpu-time": {
    property: "cpuTimeSeconds",
    kind: durationKind,
    description: "CPU time that the build may use",
    min: 1,
    exceeded: "CPU time",
  },
  "wall-time": {
    property: "wallTimeSeconds",
    kind: durationKind,
    description: "Time that the build may take",
    min: 1,
    max: 30 * 24 * HOUR,
    default: 2 * HOUR,
    cap: "1 d",
    exceeded: "time",
  },
  "boot-timeout": {
    property: "bootTimeoutSeconds",
    kind: durationKind,
    description: "Time in which the worker must have booted",
    min: 1,
    max: HOUR,
    default: HOUR / 6,
  },
  "log": {
    property: "logBytes",
    kind: sizeKind,
    description: "Size that the log may reach",
    min: KIBIBYTE,
    max: 64 * GIBIBYTE,
    default: 64 * MEBIBYTE,
    cap: "1 GiB",
    exceeded: "log",
  },
  "bandwidth.rate": {
    property: "networkBitsPerSecond",
    kind: rateKind,
    description: "How fast the worker may send and receive",
    min: 1000,
  },
  "bandwidth.total": {
    property: "networkBytes",
    kind: sizeKind,
    description: "How much the worker may send and receive in all",
    min: 1,
    exceeded: "network traffic",
  },
} as const satisfies Record<string, Limit>;

type Limits = typeof LIMITS;

/** The key of a limit. */
export type LimitKey = keyof Limits;

/** The key of a limit whose excess ends a build. */
export type EndingLimitKey = {
  [K in LimitKey]: Limits[K] extends { exceeded: string } ? K : never;
}[LimitKey];

/** How a limit is written. */
export type Written<K extends LimitKey> = Limits[K] extends
  { kind: QuantityKind } ? string : number;

/** The limits of a group, by the rest of their keys. */
export type WrittenGroup<G extends string> = {
  [K in LimitKey as K extends `${G}.${infer Rest}` ? Rest : never]?:
    | Written<K>
    | undefined;
};

/** Limits as written, after they passed the schema. */
export type ResourcesData =
  & {
    [K in LimitKey as K extends `${string}.${string}` ? never : K]?:
      | Written<K>
      | undefined;
  }
  & { bandwidth?: WrittenGroup<"bandwidth"> | undefined };

/**
 * Limits that hold for a build, in base units, by their properties; `undefined`
 * means unlimited, or of `cpus` as many as the manager has.
 */
export type Resources = {
  readonly [K in LimitKey as Limits[K]["property"]]: Limits[K] extends
    { default: number } ? number : number | undefined;
};

/** All limits in the order in which they are told. */
export const limitRows = Object.entries(LIMITS) as readonly [
  LimitKey,
  Limit,
][];

/** A limit as it is written; undefined where it is not set. */
export function writtenLimit(
  data: ResourcesData,
  key: LimitKey,
): string | number | undefined {
  return key.split(".").reduce<unknown>(
    (level, part) => (level as Record<string, unknown> | undefined)?.[part],
    data,
  ) as string | number | undefined;
}

/** The same limits with one more. */
export function withLimit(
  data: ResourcesData,
  key: LimitKey,
  written: string | number,
): ResourcesData {
  const [first, second] = key.split(".") as [string, string?];
  if (second === undefined) return { ...data, [first]: written };
  const group = (data as Record<string, unknown>)[first] as object | undefined;
  return { ...data, [first]: { ...group, [second]: written } };
}

/** The limits of one, and those of the other that it leaves out. */
export function mergeLimits(
  general: ResourcesData,
  own: ResourcesData,
): ResourcesData {
  return limitRows.reduce((merged, [key]) => {
    const written = writtenLimit(own, key);
    return written === undefined ? merged : withLimit(merged, key, written);
  }, general);
}

/** What is written, in base units; it has passed the schema. */
export function amountOf(
  kind: QuantityKind | undefined,
  written: string | number,
): number {
  return kind === undefined
    ? Number(written)
    : parseQuantity(kind, String(written))!;
}

/** Applies defaults to limits as they are written. */
export function toResources(data: ResourcesData): Resources {
  return Object.fromEntries(limitRows.map(([key, limit]) => {
    const written = writtenLimit(data, key);
    const amount = written === undefined
      ? limit.default
      : amountOf(limit.kind, written);
    return [limit.property, amount];
  })) as unknown as Resources;
}
