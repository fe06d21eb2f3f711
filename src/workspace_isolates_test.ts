import assert from "node:assert/strict";
import { unpackedPath } from "./guest/replace_workspace.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  testLimits,
  type Tree,
} from "./guest/testing/trees.ts";
import type { Isolate } from "./isolate/isolate.ts";
import type { PackerApi } from "./guest/packer.ts";
import { spawnKeeper, spawnPacker, spawnUnpacker } from "./isolates.ts";

const build = "20310203-040506-abcd";

const source: Tree = {
  "Makefile": "all:\n",
  "lib/link": "-> ../Makefile",
  "lib/code.c": "int x;\n",
};

function treesIn(directory: string) {
  return {
    source: `${directory}/source`,
    workspace: `${directory}/ws`,
    workerImage: `${directory}/worker.img`,
  };
}

/** Runs a test on a packer as a build has it. */
async function withPacker<T>(
  directory: string,
  test: (packer: Isolate<PackerApi>) => Promise<T>,
): Promise<T> {
  const trees = treesIn(directory);
  const packer = spawnPacker({
    trees: [trees.source, trees.workspace],
    disks: [`${directory}/disk`],
  });
  try {
    return await test(packer);
  } finally {
    packer.terminate();
  }
}

/** Packs the source and takes it back as the workspace. */
async function roundTrip(directory: string) {
  const trees = treesIn(directory);
  const archive = `${directory}/disk`;
  const { manifest } = await withPacker(
    directory,
    (packer) => packer.call("packSource", { trees, output: archive }),
  );
  const destination = unpackedPath(trees.workspace, build);
  const unpacker = spawnUnpacker({ archive, destination });
  const keeper = spawnKeeper();
  try {
    const limits = testLimits;
    const unpacked = await unpacker.call("unpackWorkspace", {
      archive,
      destination,
      limits,
    });
    unpacker.terminate();
    return await keeper.call("keepWorkspace", {
      workspace: trees.workspace,
      build,
      limits,
      unpacked,
      manifest,
    });
  } finally {
    unpacker.terminate();
    keeper.terminate();
  }
}

/** What of a workspace is not ours. */
function readWorkspace(workspace: string): Tree {
  return Object.fromEntries(
    Object.entries(readTree(workspace)).filter(([path]) =>
      !path.startsWith(".contractor/")
    ),
  );
}

const inSource = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([path, content]) => [`src/${path}`, content]),
  );

const names = (directory: string) =>
  Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();

Deno.test("the source comes back as the workspace, with its symlinks", () =>
  inTemporaryDirectory(async (directory) => {
    makeTree(`${directory}/source`, source);
    Deno.utimeSync(`${directory}/source/lib`, 1_500_000_000, 1_500_000_000);
    const exported = await roundTrip(directory);
    const workspace = `${directory}/ws`;
    assert.deepEqual(readWorkspace(workspace), inSource(source));
    const { mtime } = Deno.lstatSync(`${workspace}/src/lib`);
    assert.equal(mtime!.getTime(), 1_500_000_000_000);
    assert.equal(exported.bytes, 12);
    assert.deepEqual(exported.notes, []);
    assert.deepEqual(names(directory), ["disk", "source", "ws"]);
  }));

Deno.test("the next build gets what the last one made, not what left the source", () =>
  inTemporaryDirectory(async (directory) => {
    const trees = treesIn(directory);
    makeTree(trees.source, source);
    await roundTrip(directory);
    makeTree(trees.workspace, { "src/lib/code.o": "object" });
    Deno.removeSync(`${trees.source}/lib/code.c`);
    const output = `${directory}/disk`;
    await withPacker(directory, async (packer) => {
      await packer.call("packSource", { trees, output });
      const { workspace } = trees;
      const packed = await packer.call("packWorkspace", { workspace, output });
      assert.deepEqual(packed.notes, []);
    });
    await unpackTar(output, `${directory}/unpacked`);
    assert.deepEqual(readTree(`${directory}/unpacked`), {
      "src/lib/code.o": "object",
    });
  }));

Deno.test("what cannot be packed is noted, its name made safe", () =>
  inTemporaryDirectory(async (directory) => {
    const trees = treesIn(directory);
    makeTree(trees.source, { "a": "a" });
    await run("mkfifo", `${trees.source}/pipe\x1b`);
    const output = `${directory}/disk`;
    const { notes } = await withPacker(
      directory,
      (packer) => packer.call("packSource", { trees, output }),
    );
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /^Left out "pipe\\x1b": /);
  }));

Deno.test("a workspace is not packed before the source", () =>
  inTemporaryDirectory(async (directory) => {
    const { workspace } = treesIn(directory);
    makeTree(workspace, { "a": "a" });
    const output = `${directory}/disk`;
    await withPacker(
      directory,
      (packer) =>
        assert.rejects(packer.call("packWorkspace", { workspace, output }), {
          code: "source-unknown",
        }),
    );
  }));

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function unpackTar(archive: string, into: string) {
  Deno.mkdirSync(into);
  await run("tar", "-C", into, "-xf", archive);
}
