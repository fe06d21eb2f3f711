import assert from "node:assert/strict";
import { inTemporaryDirectory, makeTree } from "../guest/testing/trees.ts";
import {
  checkoutsAbove,
  findProjectFolder,
  isOwnMarker,
} from "./project_folder.ts";

/** Finds the folder of a spec in a home folder, both named from a root. */
function withHome(
  test: (
    find: (folder: string) => Promise<string | undefined>,
    root: string,
  ) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (root) => {
    makeTree(root, {
      "home/plain/ci/": "/",
      "home/clone/.git/config": "",
      "home/clone/ci/deep/": "/",
      "home/clone/module/.git": "gitdir: ../.git/modules/module\n",
      "home/clone/module/ci/": "/",
      "home/hg/.hg/": "/",
      "home/hg/ci/": "/",
      "home/svn/.svn/": "/",
      "home/jj/.jj/": "/",
      "elsewhere/clone/.git/": "/",
    });
    const home = `${root}/home`;
    await test(async (folder) => {
      const found = await findProjectFolder(`${root}/${folder}`, home);
      return found?.slice(root.length + 1);
    }, root);
  });
}

Deno.test("the project is the nearest checkout, else the spec's folder", () =>
  withHome(async (find) => {
    for (
      const [folder, project] of [
        ["home/clone", "home/clone"],
        ["home/clone/ci/deep", "home/clone"],
        ["home/clone/module/ci", "home/clone/module"],
        ["home/hg/ci", "home/hg"],
        ["home/svn", "home/svn"],
        ["home/jj", "home/jj"],
        ["home/plain", "home/plain"],
        ["home/plain/ci", "home/plain/ci"],
        ["elsewhere/clone", "elsewhere/clone"],
        ["elsewhere", "elsewhere"],
      ] as const
    ) assert.equal(await find(folder), project);
  }));

Deno.test("the home folder and those above it are nobody's project", () =>
  withHome(async (find, root) => {
    for (const marker of ["home/.git", ".git"]) {
      await Deno.mkdir(`${root}/${marker}`);
      assert.equal(await find("home/plain/ci"), "home/plain/ci");
      assert.equal(await find("home"), undefined);
    }
    assert.equal(await findProjectFolder("/", "/"), undefined);
    assert.deepEqual(
      await checkoutsAbove(`${root}/home/plain/x.yaml`, `${root}/home`),
      [],
    );
  }));

Deno.test("where others can make files, a checkout is the folder's owner's", () => {
  const shared = { mode: 0o41777, uid: 0 };
  assert.ok(isOwnMarker(shared, { uid: 0 }));
  assert.ok(!isOwnMarker(shared, { uid: 1000 }));
  assert.ok(!isOwnMarker({ ...shared, mode: 0o40775 }, { uid: 1000 }));
  assert.ok(isOwnMarker({ ...shared, mode: 0o40755 }, { uid: 1000 }));
  assert.ok(isOwnMarker({ mode: 0o40775, uid: 1000 }, { uid: 1000 }));
});
