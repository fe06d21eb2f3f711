import assert from "node:assert/strict";
import { inTemporaryDirectory, makeTree } from "../guest/testing/trees.ts";
import { lockWorkspace } from "./workspace_lock.ts";

Deno.test("a workspace has one lock, whatever it is called", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "p/": "/", "q/": "/", link: "-> p" });
    const lock = (workspace: string) =>
      lockWorkspace(root, `${root}/${workspace}`, "testing");
    const held = await lock("p/ws");
    for (const name of ["p/ws", "link/ws", "p/WS"]) {
      await assert.rejects(lock(name), { code: "lock-held" });
    }
    (await lock("q/ws")).release();
    (await lock("p/ws2")).release();
    held.release();
    (await lock("link/ws")).release();
  }));
