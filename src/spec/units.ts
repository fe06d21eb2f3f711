/**
 * Quantities with a unit, as written in a build spec: `2 GiB`, `10 min`,
 * `20 Mbit/s`.
 *
 * @module
 */

/** A kind of quantity, with its units in ascending order. */
export interface QuantityKind {
  /** What it is, with its article, for messages. */
  readonly name: string;
  readonly example: string;
  /** Factor of each unit, in terms of the base unit. */
  readonly units: Readonly<Record<string, number>>;
}

/** Sizes in bytes. */
export const sizeKind: QuantityKind = {
  name: "a size",
  example: "2 GiB",
  units: {
    B: 1,
    kB: 1e3,
    KiB: 2 ** 10,
    MB: 1e6,
    MiB: 2 ** 20,
    GB: 1e9,
    GiB: 2 ** 30,
    TB: 1e12,
    TiB: 2 ** 40,
  },
};

/** Durations in seconds. */
export const durationKind: QuantityKind = {
  name: "a duration",
  example: "10 min",
  units: { s: 1, min: 60, h: 3600, d: 86_400 },
};

/** Rates in bits per second. */
export const rateKind: QuantityKind = {
  name: "a rate",
  example: "20 Mbit/s",
  units: { "bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9 },
};

const quantityPattern = /^([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([A-Za-z/]{1,10})$/;

/**
 * Parses a quantity to a whole number of base units, rounded to the nearest;
 * `undefined` when the text is no quantity of that kind, or too large to be
 * exact.
 */
export function parseQuantity(
  kind: QuantityKind,
  text: string,
): number | undefined {
  const [, number, unit] = quantityPattern.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  if (!Object.hasOwn(kind.units, unit)) return undefined;
  const value = Math.round(Number(number) * kind.units[unit]!);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Writes a whole number of base units exactly, in the largest unit that fits. */
export function formatExactQuantity(kind: QuantityKind, value: number): string {
  let best = { count: value, unit: Object.keys(kind.units)[0]! };
  for (const [unit, factor] of Object.entries(kind.units)) {
    const count = value / factor;
    if (value !== 0 && Number.isInteger(count)) best = { count, unit };
  }
  return `${best.count} ${best.unit}`;
}

/** Writes a size for people: binary units, at most one decimal. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  let value = bytes;
  // 1023.95 would be shown as 1024.0.
  while (value >= 1023.95 && step < units.length - 1) {
    value /= 1024;
    step++;
  }
  const digits = step === 0 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${units[step]}`;
}

/** Writes a duration for people: `4.2 s`, `2 min 05 s`, `1 h 02 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  }
  const minutes = Math.floor(whole / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** The same quantity with its unit spelt right, if only that was wrong. */
export function correctQuantity(
  kind: QuantityKind,
  text: string,
): string | undefined {
  const [, number, written] = /^\s*([0-9.]+)\s*([A-Za-z/]+)\s*$/.exec(text) ??
    [];
  if (number === undefined || written === undefined) return undefined;
  const unit =
    Object.keys(kind.units).find((known) =>
      known.toLowerCase() === written.toLowerCase()
    ) ?? commonMisspellings[kind.name]?.[written.toLowerCase()];
  if (unit === undefined) return undefined;
  const corrected = `${number} ${unit}`;
  return corrected !== text && parseQuantity(kind, corrected) !== undefined
    ? corrected
    : undefined;
}

const commonMisspellings: Record<string, Record<string, string>> = {
  [sizeKind.name]: {
    byte: "B",
    bytes: "B",
    k: "KiB",
    ki: "KiB",
    m: "MiB",
    mi: "MiB",
    g: "GiB",
    gi: "GiB",
    t: "TiB",
    ti: "TiB",
  },
  [durationKind.name]: {
    sec: "s",
    secs: "s",
    second: "s",
    seconds: "s",
    m: "min",
    mins: "min",
    minute: "min",
    minutes: "min",
    hr: "h",
    hour: "h",
    hours: "h",
    day: "d",
    days: "d",
  },
  [rateKind.name]: {
    "bps": "bit/s",
    "kbps": "kbit/s",
    "mbps": "Mbit/s",
    "gbps": "Gbit/s",
    "kb/s": "kbit/s",
    "mb/s": "Mbit/s",
    "gb/s": "Gbit/s",
  },
};
