import assert from "node:assert/strict";
import { measureDiskSpace } from "./data_disk.ts";

Deno.test("measureDiskSpace() counts as df does", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const space = await measureDiskSpace(directory);
    const { stdout } = await new Deno.Command("df", {
      args: ["--block-size=1", "--output=size", directory],
    }).output();
    const size = new TextDecoder().decode(stdout).trim().split(/\s+/).at(-1);
    assert.equal(space.total, Number(size));
    assert.ok(space.used > 0 && space.available > 0);
    assert.ok(space.used + space.available <= space.total);
  } finally {
    await Deno.remove(directory);
  }
});
