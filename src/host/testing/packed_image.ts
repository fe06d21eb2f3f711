/**
 * A small qcow2 image of a large disk full of data: all of its clusters are the
 * same compressed one.
 *
 * @module
 */

import { deflateRawSync } from "node:zlib";

const CLUSTER_BITS = 16;
const CLUSTER_BYTES = 2 ** CLUSTER_BITS;

/** Where in the file each part has its cluster. */
const place = { header: 0, l1: 1, l2: 2, refcounts: 3, data: 4 } as const;

const COMPRESSED = 1n << 62n;
const USED_ONCE = 1n << 63n;

/** Composes the image; its disk is a whole number of 512 MiB. */
export function packedImage(diskBytes: number): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(5 * CLUSTER_BYTES);
  const view = new DataView(file.buffer);
  const offsetOf = (part: keyof typeof place) => place[part] * CLUSTER_BYTES;
  const entries = CLUSTER_BYTES / 8;
  const tables = diskBytes / (entries * CLUSTER_BYTES);

  file.set([0x51, 0x46, 0x49, 0xfb]);
  view.setUint32(4, 2);
  view.setUint32(20, CLUSTER_BITS);
  view.setBigUint64(24, BigInt(diskBytes));
  view.setUint32(36, tables);
  view.setBigUint64(40, BigInt(offsetOf("l1")));
  view.setBigUint64(48, BigInt(offsetOf("refcounts")));
  view.setUint32(56, 1);

  const cluster = deflateRawSync(new Uint8Array(CLUSTER_BYTES).fill(0x78), {
    windowBits: 12,
  });
  file.set(cluster, offsetOf("data"));
  const sectors = BigInt(Math.ceil(cluster.length / 512) - 1);
  const entry = COMPRESSED | sectors << BigInt(62 - (CLUSTER_BITS - 8)) |
    BigInt(offsetOf("data"));
  for (let table = 0; table < tables; table++) {
    const l2 = USED_ONCE | BigInt(offsetOf("l2"));
    view.setBigUint64(offsetOf("l1") + 8 * table, l2);
  }
  for (let index = 0; index < entries; index++) {
    view.setBigUint64(offsetOf("l2") + 8 * index, entry);
  }
  return file;
}
