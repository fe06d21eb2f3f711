import assert from "node:assert/strict";
import { spawnAlone } from "./lone_process.ts";

Deno.test("a lone process talks on its standard streams", async () => {
  const child = await spawnAlone("sh", ["-c", "pwd; cat; cat >&2"], "child");
  const stdout = new Response(child.stdout!).text();
  const stderr = new Response(child.stderr).text();
  const writer = child.stdin!.getWriter();
  await writer.write(new TextEncoder().encode("hello"));
  await writer.close();
  assert.equal(await stdout, "/\nhello");
  assert.equal(await stderr, "");
  await child.ended;
});

Deno.test("a lone process can be killed, also when it has ended", async () => {
  const child = await spawnAlone("sleep", ["600"], "daemon");
  child.kill();
  await child.ended;
  child.kill();
  assert.equal(await new Response(child.stderr).text(), "");
});

Deno.test("a program that is not there has the system's error", async () => {
  await assert.rejects(spawnAlone("no-such-program", [], "child"), {
    code: "ENOENT",
  });
});
