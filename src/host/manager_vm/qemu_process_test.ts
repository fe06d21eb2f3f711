import assert from "node:assert/strict";

const qemuProcess = new URL("./qemu_process.ts", import.meta.url);

Deno.test("too low a limit on open files is told", async () => {
  const { code, stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -n 500 && exec "$0" eval --quiet --cached-only "$1"',
      Deno.execPath(),
      `import { spawnQemu } from "${qemuProcess}";
       await spawnQemu("sh", [], "child")
         .catch(({ code, hint }) => console.log(code, hint));`,
    ],
    stderr: "inherit",
  }).output();
  assert.equal(code, 0);
  assert.equal(
    new TextDecoder().decode(stdout),
    "too-few-files Raise the limit: ulimit -n 4096\n",
  );
});
