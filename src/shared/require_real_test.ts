import assert from "node:assert/strict";
import { inTemporaryDirectory, makeTree } from "../guest/testing/trees.ts";
import { digestWorkerImage } from "../host/worker_image.ts";
import { requireReal } from "./require_real.ts";

Deno.test("a link that came into a path since it was checked is found", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "project/src/": "/", "secrets/src/key": "x" });
    const source = `${root}/project/src`;
    await requireReal(source);
    for (const swapped of ["project/src", "project"]) {
      await Deno.rename(`${root}/${swapped}`, `${root}/away`);
      const target = swapped === "project" ? "secrets" : "../secrets/src";
      await Deno.symlink(target, `${root}/${swapped}`);
      await assert.rejects(requireReal(source), { code: "path-moved" });
      await Deno.remove(`${root}/${swapped}`);
      await Deno.rename(`${root}/away`, `${root}/${swapped}`);
    }
    await requireReal(source);
    await assert.rejects(requireReal(`${root}/none`), Deno.errors.NotFound);
  }));

Deno.test("an image that a link stands for since the build began is not digested", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "secret": "x", "worker.img": "-> secret" });
    const digest = (name: string) =>
      digestWorkerImage(`${root}/${name}`, `${root}/digests.json`);
    await assert.rejects(digest("worker.img"), { code: "path-moved" });
    await digest("secret");
  }));
