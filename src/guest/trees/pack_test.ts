import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
// @ts-types="@types/tar-stream"
import tar from "tar-stream";
import { allocatedBytes } from "../../shared/allocated_bytes.ts";
import { EnvironmentError } from "../../shared/errors.ts";
import { packTree } from "../testing/pack_tree.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  unpack,
} from "../testing/trees.ts";

const everything = { exclude: () => false };

async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const sample = {
  "a.txt": "a",
  "dir/empty": "/",
  "dir/naïve 日本.txt": "names",
  "dir/link": "-> ../a.txt",
  "dir/dangling": "-> /nowhere",
  ["long/" + "d".repeat(200) + "/" + "f".repeat(200)]: "long name",
  ["to-long"]: "-> " + "t".repeat(300),
  "zero": "",
  "block": "b".repeat(512),
};

Deno.test("packTree writes what GNU tar unpacks to the same tree", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(`${root}/tree`, sample);
    Deno.chmodSync(`${root}/tree/a.txt`, 0o750);
    Deno.utimeSync(`${root}/tree/a.txt`, 1_600_000_000.25, 1_600_000_000.25);
    Deno.utimeSync(`${root}/tree/zero`, -1.5, -1.5);
    const { entries, bytes } = await packTree({
      root: `${root}/tree`,
      prefix: "src/",
      output: `${root}/disk`,
      ...everything,
    });
    assert.equal(entries, 12);
    assert.equal(bytes, 1024 ** 2);
    assert.equal(Deno.statSync(`${root}/disk`).size, bytes);
    await run("tar", "-C", root, "-xpf", `${root}/disk`);
    assert.deepEqual(readTree(`${root}/src`), sample);
    const info = Deno.statSync(`${root}/src/a.txt`);
    assert.equal(info.mode! & 0o7777, 0o750);
    assert.equal(info.mtime!.getTime(), 1_600_000_000_250);
    assert.equal(Deno.statSync(`${root}/src/zero`).mtime!.getTime(), -1500);
  }));

Deno.test("packTree writes what tar-stream reads", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(`${root}/tree`, sample);
    const packed = await packTree({
      root: `${root}/tree`,
      prefix: "",
      output: `${root}/disk`,
      ...everything,
    });
    const extract = tar.extract();
    const names: string[] = [];
    extract.on("entry", (header, stream, next) => {
      names.push(header.name.replace(/\/$/, ""));
      stream.on("end", next).resume();
    });
    await pipeline(createReadStream(`${root}/disk`), extract);
    assert.deepEqual(names, packed.paths.map(({ path }) => path));
    assert.deepEqual(names, names.toSorted());
  }));

Deno.test("packTree leaves out what is excluded, with all below", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "a/b/c": "", "a/keep": "", "gone/x": "", "hollow/x": "" });
    const packed = await packTree({
      root,
      prefix: "",
      output: `${root}/disk`,
      exclude: (path) => ["a/b", "gone/x", "hollow/x", "disk"].includes(path),
      pruneIfEmpty: (path) => path === "gone" || path === "a",
    });
    const paths = packed.paths.map(({ path }) => path);
    assert.deepEqual(paths, ["a", "a/keep", "hollow"]);
  }));

Deno.test("packTree packs a file of several buffers", () =>
  inTemporaryDirectory(async (root) => {
    const content = new Uint8Array(9_000_001).map((_, i) => i % 251);
    Deno.mkdirSync(`${root}/tree`);
    Deno.writeFileSync(`${root}/tree/big`, content);
    const { bytes } = await packTree({
      root: `${root}/tree`,
      prefix: "",
      output: `${root}/disk`,
      ...everything,
    });
    assert.equal(bytes, 9 * 1024 ** 2);
    await run("tar", "-C", root, "-xf", `${root}/disk`);
    assert.ok(
      Deno.readFileSync(`${root}/big`).every((b, i) => b === content[i]),
    );
  }));

Deno.test("packTree leaves out FIFOs and sockets, and says so", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(`${root}/tree`, { "a": "a" });
    await run("mkfifo", `${root}/tree/pipe`);
    const packed = await packTree({
      root: `${root}/tree`,
      prefix: "",
      output: `${root}/disk`,
      ...everything,
    });
    assert.deepEqual(packed.paths, [{ path: "a", kind: "file" }]);
    assert.deepEqual(packed.skipped, [
      { path: "pipe", reason: "it is a socket, a FIFO or a device" },
    ]);
  }));

Deno.test("packTree never follows a symlink to a directory", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(`${root}`, { "tree/link": "-> ../secret", "secret/key": "key" });
    const packed = await packTree({
      root: `${root}/tree`,
      prefix: "",
      output: `${root}/disk`,
      ...everything,
    });
    assert.deepEqual(packed.paths, [{ path: "link", kind: "symlink" }]);
  }));

Deno.test("packTree gives the same bytes for the same tree", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(`${root}/tree`, sample);
    const digests = [];
    for (const output of [`${root}/one`, `${root}/two`]) {
      await packTree({
        root: `${root}/tree`,
        prefix: "",
        output,
        ...everything,
      });
      const digest = await run("sha256sum", output);
      digests.push(digest.split(" ")[0]);
    }
    assert.equal(digests[0], digests[1]);
  }));

Deno.test("packTree names a missing directory", () =>
  inTemporaryDirectory(async (root) => {
    await assert.rejects(
      packTree({
        root: `${root}/none`,
        prefix: "",
        output: `${root}/disk`,
        ...everything,
      }),
      (error) =>
        error instanceof EnvironmentError && error.code === "tree-unreadable" &&
        error.message.includes(`${root}/none`),
    );
  }));

Deno.test("packTree names a file whose name is not UTF-8", () =>
  inTemporaryDirectory(async (root) => {
    await run(
      "sh",
      "-c",
      `mkdir ${root}/tree; touch ${root}/tree/$(printf 'a\\351')`,
    );
    await assert.rejects(
      packTree({
        root: `${root}/tree`,
        prefix: "",
        output: `${root}/disk`,
        ...everything,
      }),
      { code: "name-not-utf8", message: /"[^"]*\/a\ufffd".*not valid UTF-8/ },
    );
  }));

Deno.test("packTree notices a file that became shorter", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(`${root}/tree`, { a: "first", b: "second" });
    await assert.rejects(
      packTree({
        root: `${root}/tree`,
        prefix: "",
        output: `${root}/disk`,
        exclude(path) {
          // The listing has "a" with its size by now, and reads it later.
          if (path === "b") Deno.writeTextFileSync(`${root}/tree/a`, "1");
          return false;
        },
      }),
      { code: "file-changed", message: /\/a": it became shorter/ },
    );
  }));

Deno.test("packTree stops when it is told to", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(`${root}/tree`, { a: "a" });
    const reason = new Error("enough");
    await assert.rejects(
      packTree({
        root: `${root}/tree`,
        prefix: "",
        output: `${root}/disk`,
        signal: AbortSignal.abort(reason),
        ...everything,
      }),
      reason,
    );
  }));

Deno.test("packTree follows no link that takes a directory's place", () =>
  inTemporaryDirectory(async (root) => {
    const tree = { "d/f": "inside", "z": "last" };
    for (const moment of ["listed", "copied"] as const) {
      makeTree(`${root}/tree`, tree);
      makeTree(`${root}/outside`, { f: "secret" });
      const swap = () => {
        Deno.removeSync(`${root}/tree/d`, { recursive: true });
        Deno.symlinkSync("../outside", `${root}/tree/d`);
      };
      const pack = (when: "listed" | "copied" | "never") =>
        packTree({
          root: `${root}/tree`,
          prefix: "",
          output: `${root}/disk`,
          exclude(path) {
            // Once what is in `d` was listed, or once all was.
            if (path === (when === "listed" ? "d" : "z")) {
              if (when !== "never") swap();
            }
            return false;
          },
        });
      await pack("never");
      await assert.rejects(pack(moment), { code: "file-changed" });
      const disk = Deno.readTextFileSync(`${root}/disk`);
      assert.ok(!disk.includes("secret"));
      Deno.removeSync(`${root}/tree`, { recursive: true });
    }
  }));

/** A file of this length with data in the middle, at the end, or nowhere. */
function makeSparse(path: string, size: number, ...data: number[]) {
  using file = Deno.openSync(path, { write: true, createNew: true });
  file.truncateSync(size);
  for (const offset of data) {
    file.seekSync(offset, Deno.SeekMode.Start);
    file.writeSync(new TextEncoder().encode("data"));
  }
}

Deno.test("holes take nothing in an archive, and nothing is lost to them", () =>
  inTemporaryDirectory(async (root) => {
    const MIB = 1024 ** 2;
    Deno.mkdirSync(`${root}/tree`);
    makeSparse(`${root}/tree/a`, 64 * MIB, 20 * MIB + 77, 64 * MIB - 4);
    makeSparse(`${root}/tree/b`, 64 * MIB + 1);
    const output = `${root}/disk`;
    const { bytes } = await packTree({
      ...{ root: `${root}/tree`, prefix: "", output },
      ...everything,
    });
    const info = Deno.statSync(output);
    assert.equal(info.size, bytes);
    assert.ok(bytes > 128 * MIB);
    assert.ok(allocatedBytes(info) < 2 * MIB, String(allocatedBytes(info)));
    await run("tar", "-C", root, "-xf", output);
    await run("cmp", `${root}/a`, `${root}/tree/a`);
    await run("cmp", `${root}/b`, `${root}/tree/b`);

    const workspace = `${root}/workspace`;
    await unpack(output, workspace, { bytes: 256 * MIB });
    for (const name of ["a", "b"]) {
      await run("cmp", `${workspace}/${name}`, `${root}/tree/${name}`);
      const taken = allocatedBytes(Deno.statSync(`${workspace}/${name}`));
      assert.ok(taken < 2 * MIB, String(taken));
    }
  }));

Deno.test("packTree packs no more than it may, and writes nothing of it", () =>
  inTemporaryDirectory(async (root) => {
    const TIB = 1024 ** 4;
    makeTree(`${root}/tree`, { "a": "a".repeat(100), "d/b": "b" });
    const pack = (bytes: number, entries = 3) =>
      packTree({
        ...{ root: `${root}/tree`, prefix: "", output: `${root}/disk` },
        ...everything,
        limits: { name: "source", bytes, entries },
      });
    assert.equal((await pack(101)).entries, 3);
    Deno.removeSync(`${root}/disk`);
    await assert.rejects(pack(100), { code: "tree-too-large", exitCode: 2 });
    await assert.rejects(pack(101, 2), {
      code: "tree-too-large",
      message: "Cannot pack the source: it has more than 2 files and folders",
    });
    makeSparse(`${root}/tree/big`, TIB);
    await assert.rejects(pack(20 * 1024 ** 3), {
      code: "tree-too-large",
      message:
        'Cannot pack the source: its files have more than 20 GiB, which is what the spec\'s `resources.disk` leaves for it; "big" has 1 TiB',
    });
    assert.throws(() => Deno.statSync(`${root}/disk`), Deno.errors.NotFound);
  }));
