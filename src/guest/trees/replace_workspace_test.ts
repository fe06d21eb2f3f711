import assert from "node:assert/strict";
import {
  claimUnpackedTree,
  recoverWorkspace,
  replaceWorkspace,
  unpackedPath,
} from "./replace_workspace.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  type Tree,
} from "../testing/trees.ts";
import { takeStock } from "./tree_stock.ts";

const sibling = (suffix: string) => `.ws.contractor-b1.${suffix}`;

/** A tree of directories, each with two files that tell its age. */
function trees(ages: Record<string, "old" | "new">): Tree {
  return Object.fromEntries(
    Object.entries(ages).flatMap(([directory, age]) => [
      [`${directory}/a`, age],
      [`${directory}/d/b`, age],
    ]),
  );
}

Deno.test("replaceWorkspace puts the new tree in the old one's place", () =>
  inTemporaryDirectory(async (root) => {
    const raw = sibling("raw");
    assert.equal(unpackedPath(`${root}/ws`, "b1"), `${root}/${raw}`);
    makeTree(root, trees({ ws: "old", [raw]: "new" }));
    assert.equal(
      await claimUnpackedTree(`${root}/ws`, "b1"),
      `${root}/${sibling("new")}`,
    );
    const stock = await takeStock(`${root}/ws`);
    assert.deepEqual(await replaceWorkspace(`${root}/ws`, "b1", stock), {});
    assert.deepEqual(readTree(root), trees({ ws: "new" }));
  }));

Deno.test("replaceWorkspace works without an earlier workspace", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, trees({ [sibling("new")]: "new" }));
    await replaceWorkspace(`${root}/ws`, "b1", new Map());
    assert.deepEqual(readTree(root), trees({ ws: "new" }));
  }));

Deno.test("replaceWorkspace keeps the workspace if the new tree is missing", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, trees({ ws: "old" }));
    for (const stock of [await takeStock(`${root}/ws`), new Map()]) {
      await assert.rejects(replaceWorkspace(`${root}/ws`, "b1", stock), {
        code: "file-system",
      });
      assert.deepEqual(readTree(root), trees({ ws: "old" }));
    }
  }));

/** What a user, or a program, does with a workspace while a build runs. */
const intrusions: [
  name: string,
  intrude: (ws: string) => void,
  said: RegExp,
][] = [
  [
    "a new file",
    (ws) => Deno.writeTextFileSync(`${ws}/d/notes`, "mine"),
    /"d\/notes"/,
  ],
  [
    "a changed file of the same size",
    (ws) => Deno.writeTextFileSync(`${ws}/a`, "own"),
    /"a"/,
  ],
  [
    "a folder that was moved in, with old times",
    (ws) => Deno.renameSync(`${ws}/../album`, `${ws}/album`),
    /"album"/,
  ],
  ["a link", (ws) => Deno.symlinkSync("nowhere", `${ws}/link`), /"link"/],
  ["a file in the place of the workspace", (ws) => {
    Deno.removeSync(ws, { recursive: true });
    Deno.writeTextFileSync(ws, "mine");
  }, /\(it\)/],
  ["a link in the place of the workspace", (ws) => {
    Deno.removeSync(ws, { recursive: true });
    Deno.symlinkSync("album", ws);
  }, /\(it\)/],
];

for (const [name, intrude, said] of intrusions) {
  Deno.test(`replaceWorkspace keeps ${name}`, () =>
    inTemporaryDirectory(async (root) => {
      makeTree(root, { ...trees({ ws: "old" }), "album/photo": "mine" });
      const stock = await takeStock(`${root}/ws`);
      // The clock of the file system may tick slowly.
      await new Promise((resolve) => setTimeout(resolve, 20));
      intrude(`${root}/ws`);
      const before = await shapeOf(`${root}/ws`);
      makeTree(root, trees({ [sibling("new")]: "new" }));
      const { kept, left } = await replaceWorkspace(`${root}/ws`, "b1", stock);
      assert.match(kept ?? "", said);
      assert.match(kept ?? "", /ws\.kept-b1"$/);
      assert.equal(left, undefined);
      assert.deepEqual(await shapeOf(`${root}/ws.kept-b1`), before);
      assert.deepEqual(
        readTree(`${root}/ws`),
        { a: "new", "d/b": "new" },
      );
      assert.deepEqual(await recoverWorkspace(`${root}/ws`), []);
      assert.deepEqual(await shapeOf(`${root}/ws.kept-b1`), before);
    }));
}

Deno.test("replaceWorkspace keeps a workspace that came during the build", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, trees({ ws: "old", [sibling("new")]: "new" }));
    const { kept } = await replaceWorkspace(`${root}/ws`, "b1", new Map());
    assert.ok(kept);
    assert.deepEqual(
      readTree(root),
      trees({ ws: "new", "ws.kept-b1": "old" }),
    );
  }));

Deno.test("what is only read, or gone, keeps no workspace", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, trees({ ws: "old", [sibling("new")]: "new" }));
    const stock = await takeStock(`${root}/ws`);
    Deno.readTextFileSync(`${root}/ws/d/b`);
    Deno.removeSync(`${root}/ws/a`);
    assert.deepEqual(await replaceWorkspace(`${root}/ws`, "b1", stock), {});
    assert.deepEqual(readTree(root), trees({ ws: "new" }));
  }));

/** What is at a path, whatever it is. */
async function shapeOf(path: string): Promise<unknown> {
  const { isDirectory, isSymlink } = await Deno.lstat(path);
  if (isSymlink) return `-> ${await Deno.readLink(path)}`;
  return isDirectory ? readTree(path) : await Deno.readTextFile(path);
}

/** What is there when a replacement is stopped, and what must be recovered. */
const stops: [name: string, found: Tree, recovered: Tree][] = [
  [
    "while it unpacks",
    { ...trees({ ws: "old" }), [`${sibling("raw")}/a`]: "half" },
    trees({ ws: "old" }),
  ],
  [
    "while it unpacks for the first time",
    { [`${sibling("raw")}/a`]: "half" },
    {},
  ],
  [
    "before the first step",
    trees({ ws: "old", [sibling("new")]: "new" }),
    trees({ ws: "old" }),
  ],
  [
    "between the two renames",
    trees({ [sibling("old")]: "old", [sibling("new")]: "new" }),
    trees({ ws: "old" }),
  ],
  [
    "after the second rename",
    trees({ ws: "new", [sibling("old")]: "old" }),
    trees({ ws: "new", "ws.kept-b1": "old" }),
  ],
  [
    "while it removes the earlier workspace",
    { ...trees({ ws: "new" }), [`${sibling("gone")}/a`]: "old" },
    trees({ ws: "new" }),
  ],
  [
    "while it removes, and the user removed the workspace",
    { [`${sibling("gone")}/a`]: "old" },
    {},
  ],
];

for (const [name, found, recovered] of stops) {
  Deno.test(`recoverWorkspace cleans up after a stop ${name}`, () =>
    inTemporaryDirectory(async (root) => {
      makeTree(root, found);
      const notes = await recoverWorkspace(`${root}/ws`);
      assert.deepEqual(readTree(root), recovered);
      const kept = Object.keys(recovered).some((path) => /kept/.test(path));
      assert.equal(notes.length, kept ? 1 : 0);
      if (kept) assert.match(notes[0]!, /kept as ".*\/ws\.kept-b1"/);
    }));
}

Deno.test("recoverWorkspace touches nothing of other workspaces", () =>
  inTemporaryDirectory(async (root) => {
    const found = {
      ...trees({ ws: "old", ".ws2.contractor-b1.new": "new" }),
      ".ws.contractor-b1.new.txt": "mine",
      ".ws.contractor-B_1.new/a": "mine",
      ".ws.contractor-b1.old-photos/a": "mine",
      ".ws.contractor-b1.new": "-> ws",
    };
    makeTree(root, found);
    await recoverWorkspace(`${root}/ws`);
    assert.deepEqual(readTree(root), found);
  }));

Deno.test("recoverWorkspace takes a missing parent for nothing to do", () =>
  inTemporaryDirectory(async (root) => {
    assert.deepEqual(await recoverWorkspace(`${root}/none/ws`), []);
  }));

/** Replaces again and again, until it is killed. */
const churn = (module: (name: string) => string, root: string) => `
  import { replaceWorkspace } from ${module("replace_workspace.ts")};
  import { takeStock } from ${module("tree_stock.ts")};
  const ws = ${JSON.stringify(root)} + "/ws";
  let stock = await takeStock(ws).catch(() => new Map());
  for (let n = 0;; n++) {
    const fresh = ${JSON.stringify(root)} + "/.ws.contractor-b1.new";
    Deno.mkdirSync(fresh + "/d", { recursive: true });
    for (let i = 0; i < 10; i++) {
      Deno.writeTextFileSync(fresh + "/d/" + i, String(n));
    }
    await replaceWorkspace(ws, "b1", stock);
    stock = await takeStock(ws);
    if (n === 0) await Deno.stdout.write(new Uint8Array(1));
  }`;

Deno.test("a workspace survives SIGKILL at any moment as a whole", () =>
  inTemporaryDirectory(async (directory) => {
    const root = `${directory}/place`;
    Deno.mkdirSync(root);
    const module = (name: string) =>
      JSON.stringify(new URL(name, import.meta.url).href);
    Deno.writeTextFileSync(`${directory}/churn.ts`, churn(module, root));
    for (let round = 0; round < 8; round++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-config",
          `--allow-read=${root}`,
          `--allow-write=${root}`,
          `${directory}/churn.ts`,
        ],
        clearEnv: true,
        env: { DENO_DIR: `${directory}/deno` },
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const reader = child.stdout.getReader();
      assert.equal((await reader.read()).done, false);
      await new Promise((resolve) => setTimeout(resolve, 3 + round * 2.3));
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
      await recoverWorkspace(`${root}/ws`);
      // Beside it, an earlier one may be kept.
      const left = readTree(`${root}/ws`);
      assert.deepEqual(
        Object.keys(left).sort(),
        Array.from({ length: 10 }, (_, i) => `d/${i}`),
      );
      assert.equal(new Set(Object.values(left)).size, 1);
      await Deno.remove(`${root}/ws.kept-b1`, { recursive: true })
        .catch(() => {});
      assert.deepEqual(
        [...Deno.readDirSync(root)].map(({ name }) => name),
        ["ws"],
      );
    }
  }));
