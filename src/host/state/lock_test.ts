import assert from "node:assert/strict";
import { join } from "node:path";
import { acquireLock, readHolder, tryAcquireLock } from "./lock.ts";

async function withLockPath(
  test: (path: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(join(directory, "x.lock"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a lock that is held names its holder", () =>
  withLockPath(async (path) => {
    await using _lock = await acquireLock(path, { purpose: "building hello" });
    assert.deepEqual(await readHolder(path), {
      process: Deno.pid,
      purpose: "building hello",
    });
    await assert.rejects(acquireLock(path, { purpose: "other" }), {
      code: "lock-held",
      exitCode: 3,
      message:
        `Another contractor (process ${Deno.pid}, building hello) holds "${path}"`,
    });
  }));

Deno.test("a lock is had again after its release", () =>
  withLockPath(async (path) => {
    const first = await acquireLock(path, { purpose: "a much longer purpose" });
    const waiting = acquireLock(path, { purpose: "second", wait: 10_000 });
    first.release();
    first.release();
    await using _second = await waiting;
    assert.equal((await readHolder(path))?.purpose, "second");
  }));

Deno.test("waiting for a lock ends with the signal", () =>
  withLockPath(async (path) => {
    await using _lock = await acquireLock(path, { purpose: "first" });
    const abort = new AbortController();
    const waiting = acquireLock(path, {
      purpose: "second",
      wait: 60_000,
      signal: abort.signal,
    });
    abort.abort();
    await assert.rejects(waiting, { code: "interrupted" });
  }));

Deno.test("a lock whose file was removed is no lock to the next one", () =>
  withLockPath(async (path) => {
    await using _old = await acquireLock(path, { purpose: "old" });
    await Deno.remove(path);
    await using lock = await tryAcquireLock(path, "new");
    assert.ok(lock);
  }));

Deno.test("a killed process lets go of its lock", () =>
  withLockPath(async (path) => {
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { acquireLock } from ${
          JSON.stringify(new URL("./lock.ts", import.meta.url).href)
        };
        await acquireLock(${JSON.stringify(path)}, { purpose: "dying" });
        console.log("held");
        setInterval(() => {}, 1000);`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    await reader.read();
    assert.equal(await tryAcquireLock(path, "too early"), undefined);
    assert.equal((await readHolder(path))?.process, holder.pid);
    holder.kill("SIGKILL");
    await holder.status;
    await reader.cancel();
    await using lock = await tryAcquireLock(path, "next");
    assert.ok(lock);
  }));

Deno.test("a damaged note of the holder does no harm", () =>
  withLockPath(async (path) => {
    for (const note of ["", "{", `{"process":"x"}`, "x".repeat(5000)]) {
      await Deno.writeTextFile(path, note);
      assert.equal(await readHolder(path), undefined);
    }
    await using lock = await tryAcquireLock(path, "next");
    assert.ok(lock);
  }));
