import assert from "node:assert/strict";
import { RunnerConnection } from "./runner_connection.ts";
import { writeAll } from "../../src/shared/rpc/write_all.ts";

/** A runner in the test's hands, connected over a real socket. */
async function connect() {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  const listener = Deno.listen({ transport: "unix", path });
  const [runner, manager] = await Promise.all([
    listener.accept(),
    Deno.connect({ transport: "unix", path }),
  ]);
  listener.close();
  return {
    connection: new RunnerConnection(manager),
    say: (text: string) => writeAll(runner, new TextEncoder().encode(text)),
    async hear(text: string) {
      const expected = new TextEncoder().encode(text);
      const bytes = new Uint8Array(expected.length);
      let filled = 0;
      while (filled < bytes.length) {
        filled += await runner.read(bytes.subarray(filled)) ?? 0;
      }
      assert.equal(new TextDecoder().decode(bytes), text);
    },
    hangUp: () => runner.close(),
  };
}

Deno.test("RunnerConnection runs scripts and powers off", async () => {
  const { connection, say, hear, hangUp } = await connect();
  await say("ready 1\n");
  await connection.ready();
  for (const status of [0, 7]) {
    const run = connection.run("worker", "true\n");
    await hear("run worker 5\ntrue\n");
    await say(`exit ${status}\n`);
    assert.equal(await run, status);
  }
  await connection.poweroff();
  await hear("poweroff\n");
  hangUp();
  await connection.ended;
});

Deno.test("RunnerConnection fails when the worker dies", async () => {
  const { connection, say, hear, hangUp } = await connect();
  await say("ready 1\n");
  await connection.ready();
  const run = connection.run("root", "sleep 9\n");
  await hear("run root 8\nsleep 9\n");
  hangUp();
  await assert.rejects(run, { code: "worker-died" });
  await connection.ended;
  await assert.rejects(connection.run("root", ""), { code: "worker-died" });
});

Deno.test("RunnerConnection fails when the worker dies before it is ready", async () => {
  const { connection, hangUp } = await connect();
  hangUp();
  await assert.rejects(connection.ready(), { code: "worker-died" });
});

Deno.test("RunnerConnection ends at the first byte out of order", async () => {
  const { connection, say, hangUp } = await connect();
  await say("exit 0\n");
  await assert.rejects(connection.ready(), { code: "runner-protocol" });
  await connection.ended;
  hangUp();
});
