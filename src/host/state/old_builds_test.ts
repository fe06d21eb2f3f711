import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { chooseOldBuilds, removeOldBuilds } from "./old_builds.ts";
import { openStaging } from "./staging.ts";
import {
  createStateDirectories,
  resolveStatePaths,
  type StatePaths,
} from "./state_directory.ts";

const DAY_SECONDS = 86_400;
const all = { maxBytes: Infinity, maxAgeSeconds: Infinity };

/** Days since the epoch, in milliseconds. */
const day = (count: number) => count * DAY_SECONDS * 1000;
const now = day(100);

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

/** Leaves what a build of that day would. */
async function leave(paths: StatePaths, id: string, time: number) {
  const directory = join(paths.builds, id);
  await Deno.mkdir(directory);
  for (const name of ["log.txt", "report.json"]) {
    await Deno.writeFile(join(directory, name), new Uint8Array(64 * 1024));
    await Deno.utime(join(directory, name), time / 1000, time / 1000);
  }
  await Deno.utime(directory, time / 1000, time / 1000);
}

async function namesIn(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map(({ name }) => name).sort();
}

Deno.test("the oldest builds go, by age and by size", () => {
  const builds = [90, 99, 95].map((number) => ({
    id: `b${number}`,
    bytes: 10,
    changed: day(number),
  }));
  const choose = (keeping: Partial<typeof all>) =>
    chooseOldBuilds(builds, { ...all, ...keeping }, now);
  deepEqual(choose({}), []);
  deepEqual(choose({ maxAgeSeconds: 10 * DAY_SECONDS }), []);
  deepEqual(choose({ maxAgeSeconds: 9 * DAY_SECONDS }), ["b90"]);
  deepEqual(choose({ maxBytes: 29 }), ["b90"]);
  deepEqual(choose({ maxBytes: 10 }), ["b90", "b95"]);
  deepEqual(choose({ maxBytes: 0 }), ["b90", "b95", "b99"]);
});

Deno.test("a build that has just begun stays, whatever it takes", () => {
  const build = { id: "new", bytes: 10, changed: now - 60_000 };
  deepEqual(chooseOldBuilds([build], { ...all, maxBytes: 0 }, now), []);
});

Deno.test("nothing goes of a build under way, nor what no build left", () =>
  withState(async (paths) => {
    for (const id of ["gone", "living"]) await leave(paths, id, day(1));
    await leave(paths, "new", day(99));
    await leave(paths, "Not a build", day(1));
    await Deno.symlink("new", join(paths.builds, "link"));
    const kept = { ...all, maxAgeSeconds: 30 * DAY_SECONDS };
    {
      await using _living = await openStaging(paths, "living", "building");
      deepEqual(await removeOldBuilds(paths, kept, now), ["gone"]);
    }
    deepEqual(await namesIn(join(paths.builds, "living")), [
      "log.txt",
      "report.json",
    ]);
    deepEqual(await removeOldBuilds(paths, kept, now), ["living"]);
    deepEqual(await namesIn(paths.builds), ["Not a build", "link", "new"]);
    const tiny = { ...all, maxBytes: 1 };
    deepEqual(await removeOldBuilds(paths, tiny, now), ["new"]);
  }));

Deno.test("what cannot be removed keeps nothing else", () =>
  withState(async (paths) => {
    for (const id of ["stuck", "old"]) await leave(paths, id, day(1));
    const kept = { ...all, maxAgeSeconds: 30 * DAY_SECONDS };
    const removed = await removeOldBuilds(
      paths,
      kept,
      now,
      (path) => Promise.resolve(!path.endsWith("stuck")),
    );
    deepEqual(removed, ["old"]);
  }));
