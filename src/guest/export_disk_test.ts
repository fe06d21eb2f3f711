import assert from "node:assert/strict";
import { exportDiskBytes, requireExportRoom } from "./export_disk.ts";
import { inTemporaryDirectory } from "./testing/trees.ts";

const MIB = 1024 ** 2;

Deno.test("an export disk has room for headers", () => {
  assert.equal(exportDiskBytes(0), 64 * MIB);
  assert.equal(exportDiskBytes(16 * MIB), 81 * MIB);
});

Deno.test("a disk that is written to its end held too much", () =>
  inTemporaryDirectory(async (directory) => {
    const disk = `${directory}/export.disk`;
    using file = await Deno.open(disk, { write: true, createNew: true });
    await file.truncate(8 * MIB);
    await file.write(new Uint8Array(MIB));
    await requireExportRoom(disk, MIB);
    for (let at = 0; at < 7; at++) await file.write(new Uint8Array(MIB));
    await file.sync();
    await assert.rejects(requireExportRoom(disk, 5 * MIB), {
      code: "workspace-too-large",
      record: {
        limit: "workspace.bytes",
        allowed: 5 * MIB,
        measured: 8 * MIB,
      },
    });
  }));
