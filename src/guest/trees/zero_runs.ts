/**
 * Which parts of a file are nothing but zeros: they are left out when it is
 * written anew, so that what had holes has them again.
 *
 * @module
 */

/** A file system's block is seldom larger. */
export const RUN_GRANULE = 64 * 1024;

/** A part of some bytes: either all zeros, or data. */
export interface Run {
  readonly bytes: Uint8Array;
  readonly isZero: boolean;
}

/** Parts bytes into runs, in order; zeros that are no whole granule are data. */
export function* partRuns(bytes: Uint8Array): Generator<Run> {
  let start = 0;
  let wasZero = false;
  for (let offset = 0; offset < bytes.length; offset += RUN_GRANULE) {
    const granule = bytes.subarray(offset, offset + RUN_GRANULE);
    const isZero = granule.length === RUN_GRANULE && isAllZero(granule);
    if (isZero !== wasZero && offset > start) {
      yield { bytes: bytes.subarray(start, offset), isZero: wasZero };
      start = offset;
    }
    wasZero = isZero;
  }
  if (start < bytes.length) {
    yield { bytes: bytes.subarray(start), isZero: wasZero };
  }
}

function isAllZero(granule: Uint8Array): boolean {
  // Data seldom begins with many zeros; words are faster than bytes.
  if (granule[0] !== 0 || granule.byteOffset % 4 !== 0) {
    return granule.every((byte) => byte === 0);
  }
  const { buffer, byteOffset, length } = granule;
  return new Uint32Array(buffer, byteOffset, length / 4)
    .every((word) => word === 0);
}
