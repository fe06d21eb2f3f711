import assert from "node:assert/strict";
import fc from "fast-check";
import {
  manifestOf,
  readSourceManifest,
  sourceExclude,
  workspaceFilter,
  writeSourceManifest,
} from "./source_manifest.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  type Tree,
} from "../testing/trees.ts";
import { listTree } from "./tree_listing.ts";

/** The manifest of a source with these paths; a slash marks a directory. */
function manifest(...paths: string[]) {
  return manifestOf(
    paths.map((path) =>
      path.endsWith("/")
        ? { path: path.slice(0, -1), kind: "directory" } as const
        : { path, kind: "file" } as const
    ),
  );
}

/** What of a workspace travels in. */
async function travelling(
  workspace: Tree,
  previous: ReturnType<typeof manifest> | undefined,
  current: ReturnType<typeof manifest>,
): Promise<string[]> {
  let paths: string[] = [];
  await inTemporaryDirectory(async (root) => {
    makeTree(`${root}/ws`, workspace);
    const { entries } = await listTree(
      `${root}/ws`,
      workspaceFilter(previous, current),
    );
    paths = entries.map(({ path }) => path);
  });
  return paths;
}

Deno.test("workspaceFilter keeps what the build made", async () => {
  const paths = await travelling(
    { "src/hello.c": "", "src/hello": "", "out/log": "", "cache": "" },
    manifest("hello.c"),
    manifest("hello.c"),
  );
  assert.deepEqual(paths, ["cache", "out", "out/log", "src", "src/hello"]);
});

Deno.test("workspaceFilter leaves out our own state, but at the top only", async () => {
  const paths = await travelling(
    { ".contractor/source-manifest.json": "{}", "a/.contractor/x": "" },
    undefined,
    manifest(),
  );
  assert.deepEqual(paths, ["a", "a/.contractor", "a/.contractor/x"]);
});

Deno.test("workspaceFilter removes what vanished from the source", async () => {
  const paths = await travelling(
    { "src/old.c": "", "src/old.o": "", "src/new.c": "" },
    manifest("old.c", "new.c"),
    manifest("new.c"),
  );
  assert.deepEqual(paths, ["src", "src/old.o"]);
});

Deno.test("workspaceFilter removes directories that the source emptied", async () => {
  const workspace = {
    "src/gone/deep/a.c": "",
    "src/half/b.c": "",
    "src/half/b.o": "",
    "src/made/by/build": "/",
  };
  const previous = manifest(
    "gone/",
    "gone/deep/",
    "gone/deep/a.c",
    "half/",
    "half/b.c",
  );
  assert.deepEqual(await travelling(workspace, previous, manifest()), [
    "src",
    "src/half",
    "src/half/b.o",
    "src/made",
    "src/made/by",
    "src/made/by/build",
  ]);
});

Deno.test("workspaceFilter knows nothing of vanished files without a manifest", async () => {
  const paths = await travelling({ "src/a": "" }, undefined, manifest("b"));
  assert.deepEqual(paths, ["src", "src/a"]);
});

Deno.test("workspaceFilter clears the way for what changed its type", async () => {
  const workspace = {
    "src/was-file": "",
    "src/was-dir/made": "",
    "src/was-dir/old.c": "",
    "src/made-dir/x": "",
    "src/made-link": "-> /tmp",
  };
  const previous = manifest("was-file", "was-dir/", "was-dir/old.c");
  const current = manifest("was-file/", "was-file/a", "was-dir", "made-link/");
  assert.deepEqual(await travelling(workspace, previous, current), [
    "src",
    "src/made-dir",
    "src/made-dir/x",
  ]);
});

Deno.test("workspaceFilter keeps a directory that the build put in a file's place", async () => {
  const paths = await travelling(
    { "src/f/made": "" },
    manifest("f"),
    manifest(),
  );
  assert.deepEqual(paths, ["src", "src/f", "src/f/made"]);
});

Deno.test("workspaceFilter leaves out a src that is no directory", async () => {
  assert.deepEqual(
    await travelling({ "src": "-> /etc" }, undefined, manifest("a")),
    [],
  );
});

Deno.test("sourceExclude leaves out the workspace, leftovers beside it and the worker image", () => {
  const exclude = sourceExclude({
    source: "/p",
    workspace: "/p/out/ws",
    workerImage: "/images/worker.img",
    links: ["/p/worker.img", "/elsewhere/ws"],
  });
  const paths = [
    "out/ws",
    "out/.ws.contractor-b1.new",
    "out/ws.kept-b1",
    "worker.img",
    "out/ws2",
    "out/.ws2.contractor-b1.new",
    "ws",
    "out",
    ".ws.contractor-b1.new",
  ];
  assert.deepEqual(paths.filter((path) => exclude(path)), paths.slice(0, 4));
  const own = sourceExclude({
    source: "/p",
    workspace: "/p/ws",
    workerImage: "/p/worker.img",
  });
  assert.ok(["ws", "worker.img", "ws.kept-b1"].every(own));
});

Deno.test("sourceExclude keeps everything when the workspace is elsewhere", () => {
  const exclude = sourceExclude({
    source: "/p/src",
    workspace: "/p/src-ws",
    workerImage: "/images/worker.img",
  });
  assert.ok(["-ws", "ws", "src-ws"].every((path) => !exclude(path)));
});

Deno.test("sourceExclude refuses a workspace that holds the source", () => {
  for (const workspace of ["/p", "/p/src"]) {
    assert.throws(() =>
      sourceExclude({
        source: "/p/src",
        workspace,
        workerImage: "/images/worker.img",
      }), {
      code: "workspace-contains-source",
    });
  }
});

Deno.test("readSourceManifest reads what writeSourceManifest wrote", () => {
  const paths = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }));
  return fc.assert(
    fc.asyncProperty(paths, (files) =>
      inTemporaryDirectory(async (root) => {
        const written = manifest("dir/", ...files.map((f) => f + "f"));
        await writeSourceManifest(root, written);
        assert.deepEqual(await readSourceManifest(root), written);
      })),
    { numRuns: 20 },
  );
});

const manifestPath = ".contractor/source-manifest.json";
const valid = '{"version":1,"files":["a"],"directories":[]}';

const absent: [name: string, tree: Tree][] = [
  ["is missing", {}],
  ["is no JSON", { [manifestPath]: "{" }],
  ["is of another version", { [manifestPath]: valid.replace("1", "2") }],
  ["has unknown keys", { [manifestPath]: valid.replace("{", '{"x":1,') }],
  ["has wrong types", { [manifestPath]: valid.replace('"a"', "1") }],
  ["has empty paths", { [manifestPath]: valid.replace('"a"', '""') }],
  ["is a directory", { [`${manifestPath}/x`]: "" }],
  ["is a symlink", { [manifestPath]: "-> ../valid", valid }],
  ["is behind a symlink", {
    ".contractor": "-> elsewhere",
    "elsewhere/source-manifest.json": valid,
  }],
];

for (const [name, tree] of absent) {
  Deno.test(`readSourceManifest counts one that ${name} as absent`, () =>
    inTemporaryDirectory(async (root) => {
      makeTree(root, tree);
      assert.equal(await readSourceManifest(root), undefined);
    }));
}

Deno.test("readSourceManifest takes a valid one", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { [manifestPath]: valid });
    assert.deepEqual(await readSourceManifest(root), manifest("a"));
    assert.deepEqual(Object.keys(readTree(root)), [manifestPath]);
  }));
