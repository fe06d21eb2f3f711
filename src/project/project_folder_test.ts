import assert from "node:assert/strict";
import { inTemporaryDirectory, makeTree } from "../guest/testing/trees.ts";
import { checkoutsAbove, findProjectFolder } from "./project_folder.ts";

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

Deno.test({
  name: "where others can make files, a checkout is its owner's",
  // Only root can give files away.
  ignore: Deno.uid() !== 0,
  fn: () =>
    withHome(async (find, root) => {
      const shared = `${root}/elsewhere`;
      makeTree(shared, { "mine/": "/", ".git/": "/" });
      await Deno.chmod(shared, 0o1777);
      assert.equal(await find("elsewhere/mine"), "elsewhere");
      await Deno.chown(`${shared}/.git`, 12345, 12345);
      assert.equal(await find("elsewhere/mine"), "elsewhere/mine");
      await Deno.chmod(shared, 0o755);
      assert.equal(await find("elsewhere/mine"), "elsewhere");
    }),
});
