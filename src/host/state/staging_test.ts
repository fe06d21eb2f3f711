import assert from "node:assert/strict";
import { join } from "node:path";
import { collectStaging, isBuildLiving, openStaging } from "./staging.ts";
import {
  createStateDirectories,
  resolveStatePaths,
  type StatePaths,
} from "./state_directory.ts";

async function withState(
  test: (paths: StatePaths) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    const paths = resolveStatePaths({ XDG_STATE_HOME: home });
    await createStateDirectories(paths);
    await test(paths);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function names(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map((entry) => entry.name).sort();
}

Deno.test("a living build keeps its staging directory", () =>
  withState(async (paths) => {
    const staging = await openStaging(paths, "b1", "building hello");
    await Deno.writeTextFile(join(staging.directory, "source.tar"), "x");
    assert.deepEqual(await collectStaging(paths), []);
    assert.equal(await isBuildLiving(paths, "b1"), true);
    await staging[Symbol.asyncDispose]();
    assert.deepEqual(await names(paths.staging), []);
    assert.equal(await isBuildLiving(paths, "b1"), false);
  }));

Deno.test("what a dead build left behind is removed", () =>
  withState(async (paths) => {
    await using _living = await openStaging(paths, "b3", "building");
    await Deno.mkdir(join(paths.staging, "b1", "deep", "er"), {
      recursive: true,
    });
    await Deno.mkdir(join(paths.staging, "b2"));
    await Deno.writeTextFile(join(paths.staging, "b2", "lock"), "");
    assert.equal(await isBuildLiving(paths, "b1"), false);
    assert.equal(await isBuildLiving(paths, "b2"), false);
    assert.deepEqual((await collectStaging(paths)).sort(), ["b1", "b2"]);
    assert.deepEqual(await names(paths.staging), ["b3"]);
  }));

Deno.test("builds that open and collect at the same time all get theirs", () =>
  withState(async (paths) => {
    const builds = Array.from({ length: 20 }, (_, index) => `b${index}`);
    const stagings = await Promise.all(builds.map(async (build) => {
      const [staging] = await Promise.all([
        openStaging(paths, build, "building"),
        collectStaging(paths),
      ]);
      return staging;
    }));
    assert.deepEqual(await names(paths.staging), builds.toSorted());
    for (const staging of stagings) await staging[Symbol.asyncDispose]();
    assert.deepEqual(await names(paths.staging), []);
  }));
