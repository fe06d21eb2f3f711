import assert from "node:assert/strict";
import { exportRoomBytes } from "../guest/trees/export_room.ts";
import { unpackedPath } from "../guest/trees/replace_workspace.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  testLimits,
  type Tree,
} from "../guest/testing/trees.ts";
import { spawnKeeper, spawnPacker, spawnUnpacker } from "./isolates.ts";

const build = "20310203-040506-abcd";
const MIB = 1024 ** 2;

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

/** Packs what is there as a build does, with room for the new workspace. */
async function packTrees(
  directory: string,
  hasWorkspace = false,
  limits = { bytes: 4 * MIB, entries: 100 },
) {
  const trees = treesIn(directory);
  const disk = `${directory}/disk`;
  const packer = spawnPacker({ trees: [trees.source, trees.workspace], disk });
  try {
    return await packer.call("packTrees", {
      trees,
      hasWorkspace,
      output: disk,
      limits,
    });
  } finally {
    packer.terminate();
  }
}

/** Packs the source and takes it back as the workspace. */
async function roundTrip(
  directory: string,
  during: (workspace: string) => void = () => {},
) {
  const { workspace } = treesIn(directory);
  const disk = `${directory}/disk`;
  const keeper = spawnKeeper();
  if (exists(workspace)) await keeper.call("takeStock", { workspace });
  const { exportOffset, manifest } = await packTrees(directory);
  during(workspace);
  // The worker's part: what it got becomes the workspace.
  const packed = await Deno.readFile(disk);
  using file = await Deno.open(disk, { write: true });
  await file.seek(exportOffset, Deno.SeekMode.Start);
  await file.write(packed.subarray(0, exportOffset));
  const destination = unpackedPath(workspace, build);
  const unpacker = spawnUnpacker({ disk, destination });
  try {
    const limits = testLimits;
    const unpacked = await unpacker.call("unpackWorkspace", {
      disk,
      offset: exportOffset,
      destination,
      limits,
      keep: [],
    });
    unpacker.terminate();
    return await keeper.call("keepWorkspace", {
      workspace,
      build,
      limits,
      keep: [],
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
    const packed = await packTrees(directory, true);
    assert.deepEqual(packed.notes, []);
    await unpackTar(`${directory}/disk`, `${directory}/unpacked`);
    assert.deepEqual(readTree(`${directory}/unpacked`), {
      "src/Makefile": "all:\n",
      "src/lib/code.o": "object",
      "src/lib/link": "-> ../Makefile",
    });
  }));

Deno.test("what cannot be packed is noted, its name made safe", () =>
  inTemporaryDirectory(async (directory) => {
    const trees = treesIn(directory);
    makeTree(trees.source, { "a": "a" });
    await run("mkfifo", `${trees.source}/pipe\x1b`);
    const { notes } = await packTrees(directory);
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /^Left out "pipe\\x1b": /);
  }));

Deno.test("a disk has room behind what was packed", () =>
  inTemporaryDirectory(async (directory) => {
    makeTree(`${directory}/source`, { "zeros": "\0".repeat(3 * MIB) });
    const { exportOffset, allocatedBytes } = await packTrees(directory);
    assert.equal(exportOffset, 4 * MIB);
    const { size } = await Deno.stat(`${directory}/disk`);
    assert.equal(size, exportOffset + exportRoomBytes(4 * MIB));
    assert.ok(allocatedBytes < MIB, `${allocatedBytes}`);
  }));

Deno.test("source and workspace together have what the build may use", () =>
  inTemporaryDirectory(async (directory) => {
    const trees = treesIn(directory);
    makeTree(trees.source, { "a": "a".repeat(600) });
    makeTree(trees.workspace, { "b": "b".repeat(401) });
    const pack = (hasWorkspace: boolean, bytes: number, entries = 2) =>
      packTrees(directory, hasWorkspace, { bytes, entries });
    await assert.rejects(pack(false, 599), { code: "tree-too-large" });
    await pack(false, 600);
    const ofWorkspace = {
      code: "tree-too-large",
      exitCode: 2,
      message: /^Cannot pack the workspace of the last build: /,
    };
    await assert.rejects(pack(true, 1000), ofWorkspace);
    await pack(true, 1001);
    await assert.rejects(pack(true, 1001, 1), ofWorkspace);
    makeTree(trees.workspace, { "c": "" });
    await assert.rejects(pack(true, 1001), ofWorkspace);
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

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("the grants of a build suffice to replace a workspace, and to keep one", () =>
  inTemporaryDirectory(async (directory) => {
    makeTree(`${directory}/source`, source);
    assert.equal((await roundTrip(directory)).kept, undefined);
    assert.equal((await roundTrip(directory)).kept, undefined);
    const { kept } = await roundTrip(
      directory,
      (workspace) => makeTree(workspace, { "notes": "mine" }),
    );
    assert.match(kept ?? "", /"notes"/);
    assert.equal(
      Deno.readTextFileSync(`${directory}/ws.kept-${build}/notes`),
      "mine",
    );
    assert.deepEqual(readTree(`${directory}/ws/src`), source);
  }));

Deno.test("a source or workspace that a link leads away from is not packed", () =>
  inTemporaryDirectory(async (directory) => {
    const trees = treesIn(directory);
    makeTree(directory, { "secrets/key": "x", source: "-> secrets" });
    await assert.rejects(packTrees(directory), { code: "path-moved" });
    await Deno.remove(trees.source);
    makeTree(directory, { "source/file": "x", ws: "-> secrets" });
    await packTrees(directory);
    await assert.rejects(packTrees(directory, true), { code: "path-moved" });
  }));
