import assert from "node:assert/strict";
import { inTemporaryDirectory, makeTree } from "../testing/trees.ts";
import { findSince, takeStock } from "./tree_stock.ts";

Deno.test("findSince finds nothing where nothing came, and what came", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "a/b/file": "x", "a/link": "-> b", "empty/": "/" });
    const stock = await takeStock(root);
    assert.deepEqual([...stock.keys()].sort(), [
      "a",
      "a/b",
      "a/b/file",
      "a/link",
      "empty",
    ]);
    assert.equal(await findSince(root, stock), undefined);
    await Deno.mkdir(`${root}/empty/new`);
    assert.equal(await findSince(root, stock), "empty/new");
  }));

Deno.test("findSince takes what it cannot look at for new", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "file": "x", "closed/": "/" });
    const stock = await takeStock(root);
    assert.equal(await findSince(`${root}/file`, stock), "");
    if (Deno.uid() === 0) return;
    await Deno.chmod(`${root}/closed`, 0o000);
    assert.equal(await findSince(root, stock), "");
    await assert.rejects(takeStock(root), { code: "tree-unreadable" });
    await Deno.chmod(`${root}/closed`, 0o700);
  }));
