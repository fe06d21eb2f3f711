import assert from "node:assert/strict";
import { EnvironmentError } from "../../shared/errors.ts";
import { createLinks } from "./create_links.ts";
import type { SymbolicLink } from "./link_policy.ts";
import { RealDirectories } from "./real_directories.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  type Tree,
} from "../testing/trees.ts";

const create = (root: string, links: SymbolicLink[]) =>
  createLinks(new RealDirectories(root), links);

Deno.test("createLinks creates links", () =>
  inTemporaryDirectory((root) => {
    makeTree(root, { "d/f": "text" });
    create(root, [
      { path: "l", target: "d/f" },
      { path: "d/up", target: ".." },
    ]);
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
        () => create(root, [{ path, target }]),
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
      assert.throws(() => create(root, links), EnvironmentError, root);
    }
    create(`${outer}/real`, links);
    assert.equal(readTree(outer)["real/l"], "-> f");
  }));
