import assert from "node:assert/strict";
import { keepWorkspace } from "./keep_workspace.ts";
import { unpackedPath } from "./replace_workspace.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  testLimits,
  type Tree,
} from "../testing/trees.ts";
import { takeStock } from "./tree_stock.ts";
import type { UnpackedTree } from "./unpacked_tree.ts";

const build = "b1";

const manifest = { files: new Set<string>(), directories: new Set<string>() };

const ours: Tree = {
  ".contractor/source-manifest.json":
    '{"version":1,"files":[],"directories":[]}\n',
};

/** What an unpacker tells that has nothing to say. */
const silent: UnpackedTree = {
  entries: 0,
  bytes: 0,
  skipped: [],
  skippedCount: 0,
  leftOut: { count: 0, programs: [], first: [] },
  links: [],
  directoryTimes: [],
};

/** Has a tree kept that an unpacker made, and which it tells this of. */
async function keep(
  root: string,
  tree: Tree,
  told: Partial<UnpackedTree> = {},
  change: (raw: string) => void = () => {},
) {
  const workspace = `${root}/ws`;
  const raw = unpackedPath(workspace, build);
  makeTree(raw, tree);
  change(raw);
  return await keepWorkspace({
    workspace,
    build,
    limits: { ...testLimits, entries: 5, bytes: 100, depth: 3 },
    keep: [],
    unpacked: { ...silent, ...told },
    manifest,
  }, await takeStock(workspace).catch(() => new Map()));
}

Deno.test("keepWorkspace completes a tree and puts it in its place", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "ws/old": "earlier" });
    const kept = await keep(root, { "d/e/f": "text" }, {
      entries: 7,
      bytes: 4,
      skipped: [{ path: "x", reason: "it leads out" }],
      skippedCount: 3,
      links: [{ path: "d/l", target: "../d/e" }],
      directoryTimes: [{ path: "d", mtime: 1e9 }],
    });
    assert.deepEqual(kept, {
      entries: 7,
      bytes: 4,
      leftOut: silent.leftOut,
      kept: undefined,
      notes: ['Left out "x": it leads out', "Left out 2 more entries"],
    });
    assert.deepEqual(readTree(root), {
      ...Object.fromEntries(
        Object.entries(ours).map(([path, text]) => [`ws/${path}`, text]),
      ),
      "ws/d/e/f": "text",
      "ws/d/l": "-> ../d/e",
    });
    assert.equal(Deno.statSync(`${root}/ws/d`).mtime!.getTime(), 1e12);
  }));

/** What an unpacker that was taken over may have made, or may say. */
const refused: [
  name: string,
  code: string,
  tree: Tree,
  told?: Partial<UnpackedTree>,
  change?: (raw: string) => void,
][] = [
  ["a link that is there already", "workspace-unsound", { l: "-> ../other" }],
  ["a directory that is a link", "workspace-unsound", { "d/e": "-> /etc" }],
  ["a file of ours", "workspace-unsound", { ".contractor/x": "x" }],
  ["a name that is not plain", "workspace-unsound", { "a\x1bb": "x" }],
  ["what programs run", "workspace-unsound", { ".vscode/tasks.json": "{}" }],
  [
    "what Git runs, whatever its directory is called",
    "workspace-unsound",
    { "d/HEAD": "x", "d/objects": "/", "d/config": "[core]" },
  ],
  [
    "a link that programs run",
    "workspace-unsound",
    { f: "x" },
    { links: [{ path: ".envrc", target: "f" }] },
  ],
  ["too deep a tree", "workspace-unsound", { "a/b/c/d": "x" }],
  ["too many bytes", "workspace-unsound", { a: "x".repeat(101) }],
  [
    "too many entries",
    "workspace-unsound",
    { a: "", b: "", c: "", d: "", e: "", f: "" },
  ],
  [
    "a program with its owner's rights",
    "workspace-unsound",
    { a: "x" },
    {},
    (raw) => Deno.chmodSync(`${raw}/a`, 0o4755),
  ],
  [
    "a link that leads out",
    "link-refused",
    { "d/f": "x" },
    { links: [{ path: "d/l", target: "../../other" }] },
  ],
  [
    "a link through a link",
    "path-refused",
    { "d/f": "x" },
    {
      links: [{ path: "l", target: "d" }, { path: "l/m", target: "f" }],
    },
  ],
  [
    "a link in a file's place",
    "file-system",
    { f: "x" },
    { links: [{ path: "f", target: "d" }] },
  ],
  [
    "a time for what is outside",
    "path-refused",
    {},
    { directoryTimes: [{ path: "../other", mtime: 1 }] },
  ],
  [
    "a time through a link",
    "path-refused",
    { "d/f": "x" },
    {
      links: [{ path: "l", target: "d" }],
      directoryTimes: [{ path: "l", mtime: 1 }],
    },
  ],
];

for (const [name, code, tree, told, change] of refused) {
  Deno.test(`keepWorkspace refuses ${name}`, () =>
    inTemporaryDirectory(async (root) => {
      const before = { "ws/old": "earlier", "other/file": "outside" };
      makeTree(root, before);
      const { mtime } = Deno.statSync(`${root}/other`);
      await assert.rejects(keep(root, tree, told, change), { code });
      assert.deepEqual(readTree(root), before);
      assert.deepEqual(Deno.statSync(`${root}/other`).mtime, mtime);
    }));
}

Deno.test("keepWorkspace takes nothing of another shape", () =>
  inTemporaryDirectory(async (root) => {
    const links = new Array(6).fill({ path: "l", target: "f" });
    const shapes = [
      { links },
      { entries: "all" },
      { directoryTimes: [{ path: "d", mtime: Infinity }] },
      { more: true },
    ];
    for (const told of shapes) {
      await assert.rejects(keep(root, {}, told as Partial<UnpackedTree>), {
        name: "ZodError",
      });
    }
  }));

Deno.test("nothing is kept where a link leads since the build began", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "secrets/": "/", "out": "-> secrets" });
    await assert.rejects(keep(`${root}/out`, { a: "x" }), {
      code: "path-moved",
    });
    assert.deepEqual([...Deno.readDirSync(`${root}/secrets`)], []);
    await keep(`${root}/secrets`, { a: "x" });
  }));
