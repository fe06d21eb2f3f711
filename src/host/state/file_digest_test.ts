import assert from "node:assert/strict";
import { join } from "node:path";
import { digestFile, isUnchanged } from "./file_digest.ts";

const EMPTY =
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

async function inNewDirectory(
  test: (file: string, cache: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(join(directory, "file"), join(directory, "digests.json"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A digest is kept only once a file has not changed for two seconds. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 2_100));

Deno.test("a file's digest is its SHA-256", () =>
  inNewDirectory(async (file, cache) => {
    await Deno.writeTextFile(file, "");
    assert.equal((await digestFile(file, cache)).digest, EMPTY);
    await Deno.writeTextFile(file, "abc");
    const { digest, reused } = await digestFile(file, cache);
    assert.deepEqual({ digest, reused }, { digest: ABC, reused: false });
  }));

Deno.test("a settled file is read once, until it changes", () =>
  inNewDirectory(async (file, cache) => {
    await Deno.writeTextFile(file, "abc");
    await settle();
    const first = await digestFile(file, cache);
    const second = await digestFile(file, cache);
    assert.deepEqual([first.reused, second.reused], [false, true]);
    assert.equal(second.digest, ABC);
    assert.equal(await isUnchanged(second.fingerprint), true);

    const { mtime } = await Deno.stat(file);
    await Deno.writeTextFile(file, "abd");
    await Deno.utime(file, mtime!, mtime!);
    assert.equal(await isUnchanged(second.fingerprint), false);
    const third = await digestFile(file, cache);
    assert.equal(third.reused, false);
    assert.notEqual(third.digest, ABC);
  }));

Deno.test("a file that may still change is read each time", () =>
  inNewDirectory(async (file, cache) => {
    await Deno.writeTextFile(file, "abc");
    await digestFile(file, cache);
    assert.equal((await digestFile(file, cache)).reused, false);
  }));

Deno.test("a long reading ends when it is told to", () =>
  inNewDirectory(async (file, cache) => {
    using opened = await Deno.open(file, { write: true, createNew: true });
    await opened.truncate(1024 ** 4);
    const abort = new AbortController();
    const reason = new Error("enough");
    const digesting = digestFile(file, cache, abort.signal);
    setTimeout(() => abort.abort(reason), 20);
    await assert.rejects(digesting, reason);
  }));

Deno.test("a damaged cache is an empty one", () =>
  inNewDirectory(async (file, cache) => {
    await Deno.writeTextFile(file, "abc");
    for (const text of ["", "{", `{"version":1,"entries":[{}]}`, "[]"]) {
      await Deno.writeTextFile(cache, text);
      const { digest, reused } = await digestFile(file, cache);
      assert.deepEqual({ digest, reused }, { digest: ABC, reused: false });
    }
  }));
