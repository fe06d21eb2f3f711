import assert from "node:assert/strict";
import { inTemporaryDirectory } from "../guest/testing/trees.ts";
import { toResources } from "../spec/limits.ts";
import {
  checkFolders,
  checkPlaces,
  createParents,
  hasWorkspace,
} from "./spec_places.ts";

interface Paths {
  source: string;
  workspace: string;
  workerImage: string;
}

/** Checks what a spec in `project` names, beside which is `elsewhere`. */
function withFolders(
  test: (folders: {
    root: string;
    check(paths?: Partial<Paths>, checker?: typeof checkFolders): Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (root) => {
    const folder = `${root}/project`;
    await Deno.mkdir(`${folder}/src`, { recursive: true });
    await Deno.writeFile(`${folder}/worker.img`, bootSector());
    await Deno.mkdir(`${root}/elsewhere`);
    await Deno.writeTextFile(`${root}/elsewhere/precious`, "");
    await test({
      root,
      check: (paths, checker = checkFolders) =>
        checker({
          paths: {
            folder,
            workerImage: `${folder}/worker.img`,
            source: `${folder}/src`,
            workspace: `${folder}/ws`,
            ...paths,
          },
          resources: toResources({ disk: "512 KiB" }),
        }),
    });
  });
}

/** The smallest file that can be a raw disk. */
function bootSector(): Uint8Array {
  const sector = new Uint8Array(1024 ** 2);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

async function names(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name)
    .sort();
}

Deno.test("a source and a workspace to be made are fine, and nothing is left of the look", () =>
  withFolders(async ({ root, check }) => {
    await check();
    await check({}, checkPlaces);
    await check({ workspace: `${root}/project/a/b/ws` }, checkPlaces);
    assert.equal(await hasWorkspace(`${root}/project/ws`), false);
    // The image is larger than a source may be, and no part of it.
    await check({ source: `${root}/project` });
    assert.deepEqual(await names(`${root}/project`), ["src", "worker.img"]);
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

Deno.test("an image that is missing is refused", () =>
  withFolders(async ({ root, check }) => {
    await assert.rejects(
      check({ workerImage: `${root}/project/lost.img` }, checkPlaces),
      { code: "image-missing", exitCode: 2 },
    );
  }));

Deno.test("a source that cannot be packed is refused", () =>
  withFolders(async ({ root, check }) => {
    const file = `${root}/project/src/deep/file`;
    await Deno.mkdir(`${root}/project/src/deep`);
    await Deno.writeTextFile(file, "");
    await check();
    await Deno.truncate(file, 512 * 1024 + 1);
    await assert.rejects(check(), { code: "tree-too-large", exitCode: 2 });
    await Deno.truncate(file, 512 * 1024);
    await check();
    if (Deno.uid() === 0) return;
    await Deno.chmod(file, 0o000);
    await assert.rejects(check(), { code: "tree-unreadable" });
  }));

Deno.test("a workspace that cannot be written is refused, and where to make it told", () =>
  withFolders(async ({ root, check }) => {
    const blocked = `${root}/elsewhere/precious/ws`;
    await assert.rejects(check({ workspace: blocked }), { exitCode: 2 });
    await assert.rejects(createParents(`${blocked}/ws`), {
      code: "workspace-unwritable",
    });
    await assert.rejects(check({ workspace: `${root}/${"w".repeat(240)}` }), {
      code: "workspace-unwritable",
    });
    if (Deno.uid() === 0) return;
    await Deno.chmod(`${root}/elsewhere`, 0o500);
    for (const workspace of ["ws", "a/b/ws"]) {
      await assert.rejects(
        check({ workspace: `${root}/elsewhere/${workspace}` }),
        { code: "workspace-unwritable", exitCode: 2 },
      );
    }
    await Deno.chmod(`${root}/elsewhere`, 0o700);
  }));

Deno.test("a workspace that is mounted is refused", () =>
  withFolders(({ check }) =>
    assert.rejects(check({ workspace: "/dev/shm" }), { exitCode: 2 })
  ));

Deno.test("createParents makes what is above a workspace, not the workspace", () =>
  withFolders(async ({ root }) => {
    await createParents(`${root}/project/a/b/ws`);
    assert.deepEqual(await names(`${root}/project/a`), ["b"]);
    assert.deepEqual(await names(`${root}/project/a/b`), []);
  }));

Deno.test("only an empty workspace or that of a build is replaced", () =>
  withFolders(async ({ root, check }) => {
    await Deno.mkdir(`${root}/project/ws`);
    await check();
    assert.equal(await hasWorkspace(`${root}/project/ws`), true);
    await Deno.writeTextFile(`${root}/project/ws/precious`, "");
    await assert.rejects(check(), { code: "workspace-foreign" });
    await Deno.mkdir(`${root}/project/ws/.contractor`);
    await check();
  }));
