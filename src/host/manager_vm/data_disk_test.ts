import assert from "node:assert/strict";
import { createDataDisk, DATA_DISK_BYTES } from "./data_disk.ts";

/** Creates the disk where a file has this content and size. */
async function createOver(
  content: string,
  size = content.length,
): Promise<{ size: number; begin: string }> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, content);
    await Deno.truncate(path, size);
    await createDataDisk(path);
    using file = await Deno.open(path);
    const begin = new Uint8Array(4);
    await file.read(begin);
    const { size: made } = await file.stat();
    return {
      size: made,
      begin: new TextDecoder().decode(begin),
    };
  } finally {
    await Deno.remove(path);
  }
}

const BLANK = "\0\0\0\0";

Deno.test("a data disk keeps what is on it", async () => {
  const { size, begin } = await createOver("data", DATA_DISK_BYTES);
  assert.deepEqual({ size, begin }, { size: DATA_DISK_BYTES, begin: "data" });
});

Deno.test("a data disk of another size begins anew", async () => {
  for (const old of [0, 4, DATA_DISK_BYTES / 4, 2 * DATA_DISK_BYTES]) {
    const { size, begin } = await createOver("data".slice(0, old), old);
    assert.deepEqual({ size, begin }, { size: DATA_DISK_BYTES, begin: BLANK });
  }
});

Deno.test("a data disk is made for its user alone", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/data.img`;
    await createDataDisk(path);
    const { size, mode } = await Deno.stat(path);
    assert.equal(size, DATA_DISK_BYTES);
    assert.equal(mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
