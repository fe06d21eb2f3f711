import assert from "node:assert/strict";
import { EnvironmentError } from "../errors.ts";
import { spawnIsolate } from "../isolate/isolate.ts";
import { createLinks } from "./create_links.ts";
import type { LinkerApi } from "./linker.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  type Tree,
} from "./testing/trees.ts";

Deno.test("createLinks creates links", () =>
  inTemporaryDirectory((root) => {
    makeTree(root, { "d/f": "text" });
    createLinks({
      root,
      links: [{ path: "l", target: "d/f" }, { path: "d/up", target: ".." }],
    });
    assert.deepEqual(readTree(root), {
      "d/f": "text",
      "d/up": "-> ..",
      l: "-> d/f",
    });
  }));

const refused: [name: string, tree: Tree, path: string, target: string][] = [
  ["a target outside", {}, "l", "../outside"],
  ["an absolute target", {}, "l", "/etc/passwd"],
  ["a path outside", {}, "../l", "x"],
  ["a parent that is a symlink", { d: "-> ." }, "d/l", "x"],
  [
    "a grandparent that is a symlink",
    { e: "-> ../o", "o/d": "/" },
    "e/d/l",
    "x",
  ],
  ["a parent that is a file", { d: "file" }, "d/l", "x"],
  ["a parent that is missing", {}, "d/l", "x"],
  ["a path that is taken by a file", { l: "file" }, "l", "x"],
  ["a path that is taken by a symlink", { l: "-> nowhere" }, "l", "x"],
];

for (const [name, tree, path, target] of refused) {
  Deno.test(`createLinks refuses ${name}`, () =>
    inTemporaryDirectory((outer) => {
      const root = `${outer}/tree`;
      makeTree(root, tree);
      const before = readTree(outer);
      assert.throws(
        () => createLinks({ root, links: [{ path, target }] }),
        EnvironmentError,
      );
      assert.deepEqual(readTree(outer), before);
    }));
}

Deno.test("createLinks refuses a root that is not what it seems", () =>
  inTemporaryDirectory((outer) => {
    makeTree(outer, { "real/f": "text", link: "-> real" });
    const links = [{ path: "l", target: "f" }];
    const roots = [
      `${outer}/link`,
      `${outer}/real/../real`,
      `${outer}/real/`,
      "real",
      "",
    ];
    for (const root of roots) {
      assert.throws(() => createLinks({ root, links }), EnvironmentError, root);
    }
    createLinks({ root: `${outer}/real`, links });
    assert.equal(readTree(outer)["real/l"], "-> f");
  }));

Deno.test("createLinks refuses a request of another shape", () =>
  inTemporaryDirectory((root) => {
    const link = { path: "l", target: "f" };
    const requests = [
      undefined,
      { root },
      { root, links: [{ path: "l" }] },
      { root, links: [{ ...link, mode: 1 }] },
      { root, links: [link], more: true },
      { root, links: new Array(10_001).fill(link) },
    ];
    for (const request of requests) assert.throws(() => createLinks(request));
    assert.deepEqual(readTree(root), {});
  }));

Deno.test("the linker isolate creates links and passes on errors", () =>
  inTemporaryDirectory(async (root) => {
    const linker = spawnIsolate<LinkerApi>({
      url: new URL("./linker.isolate.ts", import.meta.url),
      name: "linker",
      permissions: {
        read: true,
        write: true,
        net: false,
        env: false,
        run: false,
        sys: false,
        ffi: false,
        import: false,
      },
    });
    try {
      const links = [{ path: "l", target: "f" }];
      await linker.call("createLinks", { root, links });
      assert.deepEqual(readTree(root), { l: "-> f" });
      await assert.rejects(
        linker.call("createLinks", { root, links }),
        EnvironmentError,
      );
    } finally {
      linker.terminate();
    }
  }));
