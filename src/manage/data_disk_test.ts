import assert from "node:assert/strict";
import { join } from "node:path";
import { EnvironmentError } from "../shared/errors.ts";
import { inspectDataDisk } from "./data_disk.ts";

Deno.test("inspectDataDisk tells what a sparse disk takes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "data.img");
    assert.deepEqual(await inspectDataDisk(path), { path, allocatedBytes: 0 });
    const written = 256 * 1024;
    await Deno.writeFile(path, new Uint8Array(written).fill(1));
    await Deno.truncate(path, 1024 ** 3);
    using file = await Deno.open(path);
    await file.syncData();
    const { allocatedBytes } = await inspectDataDisk(path);
    assert.ok(allocatedBytes >= written, String(allocatedBytes));
    assert.ok(allocatedBytes < 1024 ** 2, String(allocatedBytes));
    await assert.rejects(
      inspectDataDisk(join(path, "data.img")),
      EnvironmentError,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
