import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
// @ts-types="@types/tar-stream"
import tar from "tar-stream";
import { packTree } from "../testing/pack_tree.ts";
import {
  directory,
  end,
  file,
  join,
  longName,
  member,
  pax,
  symlink,
} from "../testing/archive.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  testLimits,
  type Tree,
  unpack,
} from "../testing/trees.ts";
import { unpackWorkspace } from "./unpack.ts";

/** Writes the archive and unpacks it; gives the result and the tree's place. */
async function unpackIn(root: string, ...parts: Uint8Array[]) {
  Deno.writeFileSync(`${root}/disk`, join(...parts, end()));
  const workspace = `${root}/workspace`;
  return { workspace, result: await unpack(`${root}/disk`, workspace) };
}

Deno.test("unpackWorkspace keeps permissions but for special bits", () =>
  inTemporaryDirectory(async (root) => {
    const { workspace } = await unpackIn(
      root,
      member({ name: "d/", type: "5", mode: 0o1050 }),
      member({ name: "setuid", mode: 0o6755 }),
      member({ name: "locked", mode: 0 }),
    );
    const mode = (path: string) =>
      Deno.lstatSync(`${workspace}/${path}`).mode! & 0o7777;
    assert.equal(mode("setuid"), 0o755);
    assert.equal(mode("locked"), 0o600);
    assert.equal(mode("d"), 0o750);
  }));

Deno.test("unpackWorkspace keeps times, and tells those of directories", () =>
  inTemporaryDirectory(async (root) => {
    const { workspace, result } = await unpackIn(
      root,
      member({ name: "d/", type: "5", mode: 0o755, mtime: 1_500_000_000 }),
      pax({ mtime: "1600000000.123456789" }),
      file("d/f"),
      symlink("d/l", "f"),
      pax({ mtime: "-5.5" }),
      file("old"),
      pax({ mtime: "99999999999999" }),
      file("future"),
    );
    const time = (path: string) =>
      Deno.lstatSync(`${workspace}/${path}`).mtime!.getTime();
    assert.deepEqual(result.directoryTimes, [
      { path: "d", mtime: 1_500_000_000 },
    ]);
    assert.equal(time("d/f"), 1_600_000_000_123);
    assert.equal(time("old"), 0);
    assert.ok(time("future") > Date.now());
  }));

Deno.test("unpackWorkspace leaves out symlinks that lead outside", () =>
  inTemporaryDirectory(async (root) => {
    const { workspace, result } = await unpackIn(
      root,
      symlink("absolute", "/usr/bin/cc"),
      symlink("d/climbs", "../../outside"),
      symlink("d/zigzag", "x/../../y"),
      symlink("d/fine", "../f"),
      file("f"),
    );
    assert.deepEqual(readTree(workspace), {
      "d/fine": "-> ../f",
      f: "content\n",
    });
    assert.equal(result.skippedCount, 3);
    assert.deepEqual(result.skipped.map(({ path }) => path), [
      "absolute",
      "d/climbs",
      "d/zigzag",
    ]);
    assert.match(result.skipped[0]!.reason, /absolute/);
  }));

Deno.test("unpackWorkspace keeps a bounded number of notes", () =>
  inTemporaryDirectory(async (root) => {
    const links = Array.from({ length: 150 }, (_, i) => symlink(`l${i}`, "/x"));
    const { result } = await unpackIn(root, ...links);
    assert.equal(result.skipped.length, 100);
    assert.equal(result.skippedCount, 150);
  }));

Deno.test("unpackWorkspace leaves out our own state directory", () =>
  inTemporaryDirectory(async (root) => {
    const { workspace, result } = await unpackIn(
      root,
      directory(".contractor"),
      file(".contractor/source-manifest.json"),
      file(".contractor-not"),
    );
    assert.deepEqual(readTree(workspace), { ".contractor-not": "content\n" });
    assert.equal(result.skippedCount, 1);
  }));

Deno.test("unpackWorkspace takes members in any order", () =>
  inTemporaryDirectory(async (root) => {
    const { workspace } = await unpackIn(
      root,
      file("a/b/c"),
      directory("a/b"),
      directory("."),
      directory("./a"),
    );
    assert.deepEqual(readTree(workspace), { "a/b/c": "content\n" });
  }));

Deno.test("unpackWorkspace reads nothing after the end of the archive", () =>
  inTemporaryDirectory(async (root) => {
    const { workspace } = await unpackIn(
      root,
      file("a"),
      end(),
      new Uint8Array(5000).fill(0x5a),
      file("/evil"),
    );
    assert.deepEqual(readTree(workspace), { a: "content\n" });
  }));

Deno.test("unpackWorkspace reads GNU and pax names of any length", () =>
  inTemporaryDirectory(async (root) => {
    const name = "n".repeat(150);
    const { workspace } = await unpackIn(
      root,
      longName(`gnu/${name}`),
      file("short"),
      pax({ path: `pax/${name}` }),
      file("short"),
      longName(`link-${name}`),
      longName(`gnu/${name}`, "K"),
      symlink("short", "short"),
    );
    assert.deepEqual(readTree(workspace), {
      [`gnu/${name}`]: "content\n",
      [`pax/${name}`]: "content\n",
      [`link-${name}`]: `-> gnu/${name}`,
    });
  }));

Deno.test("unpackWorkspace takes what tar-stream writes", () =>
  inTemporaryDirectory(async (root) => {
    const pack = tar.pack();
    const path = "d".repeat(120) + "/naïve";
    pack.entry({ name: path, mode: 0o644 }, "text");
    pack.entry({ name: "link", type: "symlink", linkname: path });
    pack.finalize();
    await pipeline(pack, createWriteStream(`${root}/disk`));
    await unpack(`${root}/disk`, `${root}/workspace`);
    assert.deepEqual(readTree(`${root}/workspace`), {
      [path]: "text",
      link: `-> ${path}`,
    });
  }));

for (const format of ["gnu", "posix", "ustar"]) {
  Deno.test(`unpackWorkspace takes what GNU tar writes as ${format}`, () =>
    inTemporaryDirectory(async (root) => {
      const tree = {
        "a.txt": "a",
        "dir/link": "-> ../a.txt",
        "dir/empty": "/",
        ["x".repeat(90) + "/" + "y".repeat(90)]: "long",
        "big": "0123456789".repeat(200_000),
      };
      makeTree(`${root}/tree`, tree);
      const { success } = await new Deno.Command("tar", {
        args: [
          "-C",
          `${root}/tree`,
          `--format=${format}`,
          "-cf",
          `${root}/disk`,
          ".",
        ],
        clearEnv: true,
        env: { PATH: "/usr/bin:/bin" },
      }).output();
      assert.ok(success);
      const result = await unpack(`${root}/disk`, `${root}/workspace`);
      assert.deepEqual(readTree(`${root}/workspace`), tree);
      assert.equal(result.bytes, 2_000_005);
    }));
}

const name = fc.stringMatching(/^[a-c]{1,3}$/);
const content = fc.oneof(
  fc.constant("/"),
  fc.constantFrom("-> a", "-> ../b", "-> ./c/a"),
  fc.string({ maxLength: 2000 }).filter((text) => !/^(\/$|-> )/.test(text)),
);

/** Trees in which no path goes through something that is no directory. */
const anyTree = fc.dictionary(
  fc.array(name, { minLength: 1, maxLength: 4 }).map((n) => n.join("/")),
  content,
  { maxKeys: 12, noNullPrototype: true },
).map((tree) => {
  const consistent: Tree = {};
  for (const [path, value] of Object.entries(tree)) {
    const others = Object.keys(consistent);
    const clashes = others.some((other) =>
      path.startsWith(`${other}/`) || other.startsWith(`${path}/`)
    );
    const climbs = value === "-> ../b" && !path.includes("/");
    if (!clashes && !climbs) consistent[path] = value;
  }
  return consistent;
});

Deno.test("unpackWorkspace gives back what packTree packed", () =>
  fc.assert(
    fc.asyncProperty(anyTree, (tree) =>
      inTemporaryDirectory(async (root) => {
        makeTree(`${root}/tree`, tree);
        await packTree({
          root: `${root}/tree`,
          prefix: "",
          output: `${root}/disk`,
          exclude: () => false,
        });
        await unpack(`${root}/disk`, `${root}/workspace`);
        assert.deepEqual(readTree(`${root}/workspace`), tree);
      })),
    { numRuns: 40 },
  ));

Deno.test("unpackWorkspace survives any change of an archive's bytes", () => {
  const good = join(
    pax({ path: "d/f", mtime: "5.5" }),
    file("x"),
    directory("d"),
    longName("l/".repeat(60) + "f"),
    symlink("s", "d"),
    end(),
  );
  const changes = fc.array(
    fc.tuple(fc.nat(good.length - 1), fc.nat(255)),
    { minLength: 1, maxLength: 6 },
  );
  return fc.assert(
    fc.asyncProperty(changes, (bytes) =>
      inTemporaryDirectory(async (root) => {
        const bad = good.slice();
        for (const [at, value] of bytes) bad[at] = value;
        Deno.writeFileSync(`${root}/disk`, bad);
        try {
          await unpack(`${root}/disk`, `${root}/workspace`);
        } catch (error) {
          const { code } = error as { code?: string };
          assert.match(String(code), /^workspace-/, String(error));
        }
        const names = [...Deno.readDirSync(root)].map((entry) => entry.name);
        for (const left of names) assert.match(left, /^(disk|workspace)$/);
      })),
    { numRuns: 150 },
  );
});

Deno.test("unpackWorkspace refuses a destination that exists, and keeps it", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "workspace/precious": "yes" });
    await assert.rejects(unpackIn(root, file("a")), { code: "file-system" });
    assert.equal(Deno.readTextFileSync(`${root}/workspace/precious`), "yes");
  }));

Deno.test("unpackWorkspace makes no link, but tells which may be made", () =>
  inTemporaryDirectory(async (root) => {
    Deno.writeFileSync(
      `${root}/disk`,
      join(file("a"), symlink("l", "a"), symlink("out", "../a"), end()),
    );
    const { links } = await unpackWorkspace({
      disk: `${root}/disk`,
      offset: 0,
      destination: `${root}/workspace`,
      limits: testLimits,
      keep: [],
    });
    assert.deepEqual(links, [{ path: "l", target: "a" }]);
    assert.deepEqual(Object.keys(readTree(`${root}/workspace`)), ["a"]);
  }));

Deno.test("unpackWorkspace stops when it is told to", () =>
  inTemporaryDirectory(async (root) => {
    const files = Array.from({ length: 500 }, (_, i) => file(`f${i}`));
    Deno.writeFileSync(`${root}/disk`, join(...files, end()));
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 0);
    await assert.rejects(
      unpackWorkspace({
        disk: `${root}/disk`,
        offset: 0,
        destination: `${root}/workspace`,
        limits: testLimits,
        keep: [],
        signal: controller.signal,
      }),
      reason,
    );
    assert.deepEqual(Object.keys(readTree(root)), ["disk"]);
  }));
