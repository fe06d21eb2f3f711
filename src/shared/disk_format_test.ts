import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_DISK_BYTES } from "./limits/disk_size.ts";
import { type DiskHeader, parseDiskHeader } from "./disk_format.ts";

const GIBIBYTE = 1024 ** 3;

function qcow(change: (view: DataView) => void = () => {}): DiskHeader {
  const header = new Uint8Array(4096);
  const view = new DataView(header.buffer);
  header.set([0x51, 0x46, 0x49, 0xfb]);
  view.setUint32(4, 3);
  view.setUint32(20, 16);
  view.setBigUint64(24, BigInt(GIBIBYTE));
  view.setUint32(100, 104);
  change(view);
  return parseDiskHeader(header, 200_000);
}

function raw(change: (header: Uint8Array) => void): DiskHeader {
  const header = new Uint8Array(64 * 1024);
  header.set([0x55, 0xaa], 510);
  change(header);
  return parseDiskHeader(header, GIBIBYTE);
}

function text(header: Uint8Array, offset: number, value: string): void {
  header.set(Array.from(value, (c) => c.charCodeAt(0)), offset);
}

function reason(header: DiskHeader): string {
  assert.equal(header.kind, "refused");
  return header.kind === "refused" ? header.reason : "";
}

Deno.test("a disk with a boot sector is taken as raw", () => {
  assert.deepEqual(raw(() => {}), { kind: "raw", virtualBytes: GIBIBYTE });
});

Deno.test("qcow2 of both versions is taken", () => {
  const taken = { kind: "qcow2", virtualBytes: GIBIBYTE };
  assert.deepEqual(qcow(), taken);
  assert.deepEqual(qcow((view) => view.setUint32(4, 2)), taken);
  // Dirty, another compression, subclusters: the manager's QEMU knows them.
  assert.deepEqual(qcow((view) => view.setBigUint64(72, 0b11001n)), taken);
});

Deno.test("qcow2 that leans on other files is refused", () => {
  assert.equal(
    reason(qcow((view) => view.setBigUint64(8, 1n << 40n))),
    "it has a backing file",
  );
  assert.equal(
    reason(qcow((view) => view.setBigUint64(72, 0b100n))),
    "it has a data file",
  );
  assert.equal(
    reason(qcow((view) => view.setUint32(104, 0x44415441))),
    "it has a data file",
  );
  const afterAnother = qcow((view) => {
    view.setUint32(104, 0x6803f857);
    view.setUint32(108, 5);
    view.setUint32(120, 0x44415441);
  });
  assert.equal(reason(afterAnother), "it has a data file");
});

Deno.test("qcow2 that is encrypted, corrupt, unknown or damaged is refused", () => {
  const cases: [(view: DataView) => void, string][] = [
    [(view) => view.setUint32(32, 1), "it is encrypted"],
    [(view) => view.setUint32(104, 0x0537be77), "it is encrypted"],
    [(view) => view.setBigUint64(72, 2n), "it is marked as corrupt"],
    [(view) => view.setBigUint64(72, 32n), "it has unknown features (0x20)"],
    [(view) => view.setUint32(4, 4), "it is qcow2 of the unknown version 4"],
    [(view) => view.setUint32(20, 40), "it is damaged"],
    [(view) => view.setUint32(100, 8), "it is damaged"],
    [(view) => view.setBigUint64(24, 0n), "it is too small: a disk of 0 bytes"],
    [(view) => {
      view.setUint32(104, 1);
      view.setUint32(108, 0xffffffff);
    }, "it is damaged"],
  ];
  for (const [change, expected] of cases) {
    assert.equal(reason(qcow(change)), expected);
  }
  const ofSize = (bytes: bigint) =>
    qcow((view) => view.setBigUint64(24, bytes));
  const most = BigInt(MAX_DISK_BYTES);
  assert.equal(ofSize(most).kind, "qcow2");
  for (const bytes of [most + 512n, 1n << 62n]) {
    assert.match(reason(ofSize(bytes)), /^it is too large/);
  }
});

Deno.test("other formats are recognized, with a boot sector or not", () => {
  const cases: [string, number, string][] = [
    ["KDMV", 0, "VMware disk (VMDK)"],
    ["# Disk DescriptorFile\n", 0, "VMware disk (VMDK)"],
    ["\x7f\x10\xda\xbe", 64, "VirtualBox disk (VDI)"],
    ["vhdxfile", 0, "Hyper-V disk (VHDX)"],
    ["CD001", 0x8001, "CD image (ISO 9660)"],
    ["\x1f\x8b\x08", 0, "gzip archive"],
    ["\xfd7zXZ", 0, "xz archive"],
    ["\x28\xb5\x2f\xfd", 0, "zstd archive"],
    ["PK\x03\x04", 0, "zip archive"],
    ["ustar", 257, "tar archive"],
  ];
  for (const [bytes, offset, format] of cases) {
    const found = raw((header) => text(header, offset, bytes));
    assert.deepEqual(found, { kind: "foreign", format });
  }
});

Deno.test("what is no disk, empty or tiny is refused", () => {
  const none = new Uint8Array();
  assert.equal(reason(parseDiskHeader(none, 0)), "it is empty");
  const words = new TextEncoder().encode("hello, world\n");
  assert.match(reason(parseDiskHeader(words, 13)), /no boot sector/);
  const sector = new Uint8Array(512);
  sector.set([0x55, 0xaa], 510);
  assert.match(reason(parseDiskHeader(sector, 512)), /too small/);
  const cut = Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3);
  assert.equal(reason(parseDiskHeader(cut, 8)), "it is cut short");
});

Deno.test("any bytes get an answer, and qcow2 never hides a backing file", () => {
  const magic = fc.constantFrom([], [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 2], [
    0x51,
    0x46,
    0x49,
    0xfb,
    0,
    0,
    0,
    3,
  ]);
  const bytes = fc.tuple(magic, fc.uint8Array({ maxLength: 400 }))
    .map(([start, rest]) => Uint8Array.from([...start, ...rest]));
  fc.assert(
    fc.property(bytes, (header) => {
      const found = parseDiskHeader(header, header.length + 2 ** 20);
      if (found.kind === "qcow2") {
        assert.ok(header.subarray(8, 16).every((byte) => byte === 0));
      }
      assert.ok(["raw", "qcow2", "foreign", "refused"].includes(found.kind));
    }),
    { numRuns: 2_000 },
  );
});
