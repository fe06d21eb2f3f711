import assert from "node:assert/strict";
import fc from "fast-check";
import {
  inTemporaryDirectory,
  makeTree,
  type Tree,
} from "../guest/testing/trees.ts";
import { resolveRealPath } from "./real_path.ts";

const tree: Tree = {
  "a/b/file": "",
  "a/up": "-> ..",
  "a/sub": "-> b",
  "link": "-> a",
  "a/chain": "-> ../link/sub",
  "dangling": "-> a/new/folder",
  "dots": "-> ./a/../a//b/.",
  "loop": "-> loop2",
  "loop2": "-> loop",
};

Deno.test("resolveRealPath does with each path what the kernel does", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, tree);
    await Deno.symlink(`${root}/a`, `${root}/absolute`);
    const names = ["a", "b", "up", "sub", "link", "chain", "dots", "file"];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...names, "absolute", "..", ".", ""), {
          maxLength: 7,
        }),
        async (components) => {
          const path = `${root}/${components.join("/")}`;
          const real = await Deno.realPath(path).catch(() => undefined);
          const resolved = await resolveRealPath(path);
          if (real !== undefined) assert.equal(resolved, real);
        },
      ),
      { numRuns: 500 },
    );
  }));

Deno.test("resolveRealPath goes on where nothing is there yet", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, tree);
    for (
      const [path, real] of [
        ["new", "new"],
        ["link/new/ws", "a/new/ws"],
        ["a/up/link/new", "a/new"],
        ["dangling", "a/new/folder"],
        ["dangling/ws", "a/new/folder/ws"],
        ["a/b/file/x", "a/b/file/x"],
        ["a/chain/../x", "a/x"],
        ["ws/", "ws"],
        ["ws.", "ws."],
      ]
    ) assert.equal(await resolveRealPath(`${root}/${path}`), `${root}/${real}`);
    assert.equal(await resolveRealPath("/../.."), "/");
  }));

Deno.test("resolveRealPath refuses what leads nowhere", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, tree);
    await assert.rejects(resolveRealPath(`${root}/loop/x`), {
      code: "path-unreadable",
      exitCode: 2,
    });
    if (Deno.uid() === 0) return;
    await Deno.chmod(`${root}/a`, 0o000);
    await assert.rejects(resolveRealPath(`${root}/a/b/x`), {
      code: "path-unreadable",
    });
    await Deno.chmod(`${root}/a`, 0o700);
  }));
