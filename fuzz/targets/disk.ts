/**
 * The beginning of a disk image: what is taken is of a size within bounds and
 * refers to nothing outside of itself, by the format's specification.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { HEADER_BYTES, parseDiskHeader } from "../../src/shared/disk_format.ts";
import type { Target } from "../target.ts";

const QCOW2 = 0x514649fb;
const MAX_DISK_BYTES = 64 * 1024 ** 4;
const DATA_FILE = 1n << 2n;
const DATA_FILE_NAME = 0x44415441;
const ENCRYPTION_HEADER = 0x0537be77;

const extension = fc.record({
  type: fc.oneof(
    fc.constantFrom(0xe2792aca, 0x6803f857, DATA_FILE_NAME, ENCRYPTION_HEADER),
    fc.constantFrom(0, 0x23852875),
  ),
  length: fc.oneof(fc.nat(20), fc.constantFrom(0xffffffff, 0x7fffffff)),
});

const qcow2 = fc.record({
  version: fc.constantFrom(1, 2, 3, 4),
  backing: fc.constantFrom(0n, 0n, 0n, 0x1000n),
  clusterBits: fc.constantFrom(9, 16, 21, 0, 0xffffffff),
  size: fc.constantFrom(1n << 30n, 1n << 20n, 0n, (1n << 64n) - 1n),
  encryption: fc.constantFrom(0, 0, 0, 1),
  features: fc.constantFrom(0n, 1n, 2n, 4n, 8n, 16n, 1n << 63n),
  headerLength: fc.constantFrom(104, 112, 0, 0xfffffff8),
  extensions: fc.array(extension, { maxLength: 4 }),
}).map((fields) => {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, QCOW2);
  view.setUint32(4, fields.version);
  view.setBigUint64(8, fields.backing);
  view.setUint32(20, fields.clusterBits);
  view.setBigUint64(24, fields.size);
  view.setUint32(32, fields.encryption);
  view.setBigUint64(72, fields.features);
  view.setUint32(100, fields.headerLength);
  let at = fields.version === 2 ? 72 : fields.headerLength;
  for (const { type, length } of fields.extensions) {
    if (at + 8 > bytes.length) break;
    view.setUint32(at, type);
    view.setUint32(at + 4, length);
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return bytes;
});

const bootSector = fc.uint8Array({ minLength: 510, maxLength: 510 })
  .map((code) => Uint8Array.from([...code, 0x55, 0xaa]));

/** What makes a qcow2 image dangerous, read anew. */
function checkQcow2(header: Uint8Array): void {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  assert.equal(view.getUint32(0), QCOW2);
  assert.equal(view.getBigUint64(8), 0n, "It has a backing file");
  assert.equal(view.getUint32(32), 0, "It is encrypted");
  const version = view.getUint32(4);
  if (version === 3) assert.equal(view.getBigUint64(72) & DATA_FILE, 0n);
  let at = version === 3 ? view.getUint32(100) : 72;
  while (view.getUint32(at) !== 0) {
    const type = view.getUint32(at);
    assert.notEqual(type, DATA_FILE_NAME);
    assert.notEqual(type, ENCRYPTION_HEADER);
    at += 8 + Math.ceil(view.getUint32(at + 4) / 8) * 8;
  }
}

export default {
  tokens: [
    ...["QFI\xfb\0\0\0\x02", "QFI\xfb\0\0\0\x03", "DATA", "\x05\x37\xbe\x77"],
    ...["KDMV", "conectix", "vhdxfile", "LUKS\xba\xbe", "ustar", "\x55\xaa"],
  ],
  structured: fc.oneof(qcow2, bootSector),
  maxBytes: 4096,
  check(input) {
    // A view into a larger buffer, as readers hand on.
    const padded = new Uint8Array(input.length + 16).fill(0xff);
    padded.set(input, 7);
    const view = padded.subarray(7, 7 + input.length);
    for (const fileBytes of [input.length, 1024 ** 3, 2 ** 53 - 1]) {
      const found = parseDiskHeader(input, fileBytes);
      assert.deepEqual(parseDiskHeader(view, fileBytes), found);
      if (found.kind === "foreign" || found.kind === "refused") continue;
      const { kind, virtualBytes } = found;
      assert.ok(Number.isSafeInteger(virtualBytes));
      assert.ok(virtualBytes > 0 && virtualBytes <= MAX_DISK_BYTES);
      if (kind === "raw") assert.equal(virtualBytes, fileBytes);
      else checkQcow2(input.subarray(0, HEADER_BYTES));
    }
  },
} satisfies Target;
