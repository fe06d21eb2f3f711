import assert from "node:assert/strict";
import { inTemporaryDirectory } from "../guest/testing/trees.ts";
import { checkFolders, hasWorkspace } from "./spec_folders.ts";

/** Checks the folders of a spec in `project`, beside which is `elsewhere`. */
function withFolders(
  test: (folders: {
    root: string;
    check(paths?: { source?: string; workspace?: string }): Promise<string[]>;
  }) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    const root = await Deno.realPath(directory);
    const folder = `${root}/project`;
    await Deno.mkdir(`${folder}/src`, { recursive: true });
    await Deno.mkdir(`${root}/elsewhere`);
    await Deno.writeTextFile(`${root}/elsewhere/precious`, "");
    await test({
      root,
      check: (paths) =>
        checkFolders({
          paths: {
            folder,
            workerImage: `${folder}/worker.img`,
            source: `${folder}/src`,
            workspace: `${folder}/ws`,
            ...paths,
          },
        }),
    });
  });
}

Deno.test("a source and a workspace to be made are fine", () =>
  withFolders(async ({ root, check }) => {
    assert.deepEqual(await check(), []);
    assert.equal(await hasWorkspace(`${root}/project/ws`), false);
    assert.deepEqual(await check({ source: `${root}/project` }), []);
  }));

Deno.test("a source that is missing, a file or unreadable is refused", () =>
  withFolders(async ({ root, check }) => {
    await assert.rejects(check({ source: `${root}/project/lost` }), {
      code: "source-missing",
    });
    await assert.rejects(check({ source: `${root}/elsewhere/precious` }), {
      code: "source-not-directory",
    });
    if (Deno.uid() === 0) return;
    await Deno.chmod(`${root}/project/src`, 0o000);
    await assert.rejects(check(), { code: "source-unreadable" });
    await Deno.chmod(`${root}/project/src`, 0o700);
  }));

Deno.test("only an empty workspace or that of a build is replaced", () =>
  withFolders(async ({ root, check }) => {
    await Deno.mkdir(`${root}/project/ws`);
    assert.deepEqual(await check(), []);
    assert.equal(await hasWorkspace(`${root}/project/ws`), true);
    await Deno.writeTextFile(`${root}/project/ws/precious`, "");
    await assert.rejects(check(), { code: "workspace-foreign" });
    await Deno.mkdir(`${root}/project/ws/.contractor`);
    assert.deepEqual(await check(), []);
  }));

Deno.test("links in the spec's folder lead nowhere", () =>
  withFolders(async ({ root, check }) => {
    await Deno.symlink("..", `${root}/project/up`);
    for (
      const [paths, code] of [
        [{ source: `${root}/project/up/elsewhere` }, "source-linked"],
        [{ source: `${root}/project/up` }, "source-linked"],
        [{ workspace: `${root}/project/up/project` }, "workspace-linked"],
        [{ workspace: `${root}/project/up` }, "workspace-linked"],
      ] as const
    ) await assert.rejects(check(paths), { code });
  }));

Deno.test("folders outside of the spec's are told", () =>
  withFolders(async ({ root, check }) => {
    const notes = await check({
      source: `${root}/elsewhere`,
      workspace: `${root}/new`,
    });
    assert.deepEqual(notes, [
      `The source is outside of the build spec's folder: "${root}/elsewhere"`,
      `The workspace is outside of the build spec's folder: "${root}/new"`,
    ]);
  }));
