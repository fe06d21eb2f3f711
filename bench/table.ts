/**
 * Figures as a table on the terminal.
 *
 * @module
 */

/** One line of the table. */
export interface Figure {
  name: string;
  value: string;
  /** What we aim at, if anything. */
  aim?: string;
}

/** Formats a duration for the table. */
export function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}

/** Formats the durations of one thing: the least, the median and the most. */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return [sorted.at(0)!, median, sorted.at(-1)!].map(seconds).join(" / ");
}

/** Formats a size for the table. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Puts figures in columns. */
export function formatTable(figures: readonly Figure[]): string {
  const name = Math.max(...figures.map((figure) => figure.name.length));
  const value = Math.max(...figures.map((figure) => figure.value.length));
  return figures.map((figure) =>
    `${figure.name.padEnd(name)}  ${figure.value.padStart(value)}` +
    (figure.aim === undefined ? "" : `  (aim: ${figure.aim})`)
  ).join("\n");
}
