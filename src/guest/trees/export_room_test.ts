import assert from "node:assert/strict";
import {
  diskAllocation,
  exportRoomBytes,
  requireExportRoom,
} from "./export_room.ts";
import { inTemporaryDirectory } from "../testing/trees.ts";

const MIB = 1024 ** 2;

Deno.test("an exported workspace has room for headers", () => {
  assert.equal(exportRoomBytes(0), 64 * MIB);
  assert.equal(exportRoomBytes(16 * MIB), 81 * MIB);
});

Deno.test("a disk that is written to its end held too much", () =>
  inTemporaryDirectory(async (directory) => {
    const disk = `${directory}/trees.disk`;
    using file = await Deno.open(disk, { write: true, createNew: true });
    await file.truncate(12 * MIB);
    const write = async (mebibytes: number) => {
      for (let n = 0; n < mebibytes; n++) await file.write(new Uint8Array(MIB));
      await file.sync();
    };
    await write(4);
    const packed = {
      exportOffset: 4 * MIB,
      allocatedBytes: await diskAllocation(disk),
    };
    await write(1);
    await requireExportRoom(disk, packed, MIB);
    await write(7);
    await assert.rejects(requireExportRoom(disk, packed, 5 * MIB), {
      code: "workspace-too-large",
      record: {
        limit: "workspace.bytes",
        allowed: 5 * MIB,
        measured: 8 * MIB,
      },
    });
  }));
