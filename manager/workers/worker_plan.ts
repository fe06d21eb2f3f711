/**
 * What a worker is to be like.
 *
 * @module
 */

import type { BaseName } from "../images/image_cache.ts";

/** Workers with the same plan can take each other's place. */
export interface WorkerPlan {
  base: BaseName;
  cpus: number;
  memoryBytes: number;
  /** The limit of the root disk, which decides on its size. */
  diskBytes: number;
  hasNetwork: boolean;
}

/** The same text for the same plan. */
export function planKey(
  { base, cpus, memoryBytes, diskBytes, hasNetwork }: WorkerPlan,
): string {
  const { image, prepared } = base;
  return JSON.stringify([
    ...[image, prepared ?? null],
    ...[cpus, memoryBytes, diskBytes, hasNetwork],
  ]);
}
