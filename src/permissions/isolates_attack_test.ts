/**
 * Hostile code with the permissions of the isolates that read a guest's bytes:
 * all that Deno gives them must be of no use to it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { keepWorkspace } from "../guest/trees/keep_workspace.ts";
import { unpackedPath } from "../guest/trees/replace_workspace.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  testLimits,
} from "../guest/testing/trees.ts";
import { type Isolate, spawnIsolate } from "../isolate/isolate.ts";
import {
  egressPermissions,
  guestPermissions,
  packerPermissions,
  unpackerPermissions,
} from "./isolates.ts";
import type { Attempt, HostileApi } from "./testdata/hostile_api.ts";

const build = "20310203-040506-abcd";

/** Runs a test on hostile code with these permissions. */
async function withHostile(
  permissions: Deno.PermissionOptionsObject,
  test: (isolate: Isolate<HostileApi>) => Promise<void>,
): Promise<void> {
  const isolate = spawnIsolate<HostileApi>({
    url: new URL("./testdata/hostile.isolate.ts", import.meta.url),
    name: "hostile",
    permissions,
  });
  try {
    await test(isolate);
  } finally {
    isolate.terminate();
  }
}

const deno = (name: string, ...args: unknown[]): Attempt => ({
  module: "Deno",
  name,
  args,
});

const node = (name: string, ...args: unknown[]): Attempt => ({
  module: "node:fs",
  name,
  args,
});

/** Requires that none of these succeeds, for want of permission. */
async function requireDenied(
  isolate: Isolate<HostileApi>,
  attempts: Attempt[],
): Promise<void> {
  for (const attempt of attempts) {
    const outcome = await isolate.call("attempt", attempt);
    assert.equal(outcome, "NotCapable", JSON.stringify(attempt));
  }
}

/** Whatever touches a path of somebody else's. */
function touching(path: string): Attempt[] {
  return [
    deno("readTextFileSync", path),
    deno("openSync", path, { read: true }),
    deno("writeTextFileSync", path, "evil", { append: true }),
    deno("readDirSync", path),
    deno("lstatSync", path),
    deno("chmodSync", path, 0o777),
    deno("utimeSync", path, 0, 0),
    deno("truncateSync", path, 0),
    deno("removeSync", path),
    deno("mkdirSync", `${path}.d`),
    node("readFileSync", path),
    node("writeFileSync", path, "evil"),
    node("unlinkSync", path),
  ];
}

/** Whatever brings another file under a name that may be written. */
function bringing(path: string, name: string): Attempt[] {
  return [
    deno("symlinkSync", path, name),
    deno("linkSync", path, name),
    deno("renameSync", path, name),
    deno("copyFileSync", path, name),
    node("symlinkSync", path, name),
    node("linkSync", path, name),
    node("renameSync", path, name),
    node("copyFileSync", path, name),
  ];
}

/** Whatever is no file. */
const elsewhere: Attempt[] = [
  deno("connect", { port: 1 }),
  deno("listen", { port: 0 }),
  deno("makeTempDirSync"),
  deno("chdir", "/"),
  deno("hostname"),
];

Deno.test("hostile code in the unpacker reaches nothing but its tree", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, {
      "home/key": "secret",
      "ws/old": "earlier",
      "disk": "tar",
    });
    const raw = unpackedPath(`${root}/ws`, build);
    const reach = { disk: `${root}/disk`, destination: raw };
    await withHostile(unpackerPermissions(reach), async (isolate) => {
      // What it may do, and must do.
      for (
        const attempt of [
          deno("readTextFileSync", `${root}/disk`),
          deno("mkdirSync", raw),
          deno("mkdirSync", `${raw}/d`),
          deno("writeTextFileSync", `${raw}/d/f`, "text"),
          deno("chmodSync", `${raw}/d/f`, 0o755),
        ]
      ) assert.equal(await isolate.call("attempt", attempt), "done");
      await requireDenied(isolate, [
        ...touching(`${root}/home/key`),
        ...touching(`${root}/ws/old`),
        ...touching(`${raw}/../home/key`),
        ...bringing(`${root}/home/key`, `${raw}/key`),
        ...bringing("../../home/key", `${raw}/key`),
        // In its own tree, too, or it could move links in it.
        ...bringing(`${raw}/d/f`, `${raw}/g`),
        ...elsewhere,
        deno("writeTextFileSync", `${root}/disk`, "evil"),
        deno("readDirSync", raw),
      ]);
    });
    assert.equal(Deno.readTextFileSync(`${root}/home/key`), "secret");
    assert.deepEqual(readTree(raw), { "d/f": "text" });
  }));

Deno.test("hostile code that outlives its turn finds no link to move or use", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "home/key": "secret", "disk": "tar" });
    const workspace = `${root}/ws`;
    const raw = unpackedPath(workspace, build);
    makeTree(raw, { "a/b/f": "text" });
    const reach = { disk: `${root}/disk`, destination: raw };
    await withHostile(unpackerPermissions(reach), async (isolate) => {
      const write = (path: string) => deno("writeTextFileSync", path, "evil");
      assert.equal(
        await isolate.call("attempt", write(`${raw}/a/b/g`)),
        "done",
      );
      // Nobody ends it: a thread that is told to end may go on for seconds.
      await keepWorkspace({
        workspace,
        build,
        limits: testLimits,
        keep: [],
        unpacked: {
          entries: 3,
          bytes: 8,
          skipped: [],
          skippedCount: 0,
          leftOut: { count: 0, programs: [], first: [] },
          // Inside where it is; one level up it would lead to `home`.
          links: [{ path: "a/b/l", target: "../../home" }],
          directoryTimes: [],
        },
        manifest: { files: new Set(), directories: new Set() },
      }, new Map());
      assert.equal(
        await isolate.call("attempt", write(`${raw}/a/b/g`)),
        "NotFound",
      );
      const fresh = raw.replace(/raw$/, "new");
      for (const tree of [workspace, fresh]) {
        await requireDenied(isolate, [
          ...touching(`${tree}/a/b/g`),
          ...touching(`${tree}/a/b/l`),
          ...bringing(`${tree}/a/b/l`, `${tree}/l`),
          ...bringing(`${tree}/a/b/l`, `${raw}/l`),
        ]);
      }
    });
    assert.equal(Deno.readTextFileSync(`${workspace}/a/b/g`), "evil");
    assert.equal(Deno.readTextFileSync(`${root}/home/key`), "secret");
    assert.equal(Deno.readLinkSync(`${workspace}/a/b/l`), "../../home");
  }));

Deno.test("with one permission more, the same code gets out", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, {
      "home/key": "secret",
      "raw/home/key": "inside",
      "raw/a/l": "-> ../home",
    });
    const raw = `${root}/raw`;
    const move = deno("renameSync", `${raw}/a/l`, `${raw}/l`);
    const write = deno("writeTextFileSync", `${raw}/l/key`, "evil");
    const reach = { disk: `${root}/disk`, destination: raw };
    const permissions = unpackerPermissions(reach);
    await withHostile(permissions, async (isolate) => {
      await requireDenied(isolate, [move]);
    });
    const wider = { ...permissions, read: [raw] };
    await withHostile(wider, async (isolate) => {
      assert.equal(await isolate.call("attempt", move), "done");
      assert.equal(await isolate.call("attempt", write), "done");
    });
    assert.equal(Deno.readTextFileSync(`${root}/home/key`), "evil");
  }));

Deno.test("hostile code in the guest isolate reaches its log and no tree", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, {
      "home/key": "secret",
      "source/f": "text",
      "source/out": "-> ../home",
      "builds/b1/report.json": "{}",
      "builds/b2/log.txt": "other",
    });
    const log = `${root}/builds/b1/log.txt`;
    const permissions = guestPermissions(`${root}/rpc`, log);
    await withHostile(permissions, async (isolate) => {
      const write = deno("writeTextFileSync", log, "line");
      assert.equal(await isolate.call("attempt", write), "done");
      await requireDenied(isolate, [
        ...touching(`${root}/home/key`),
        ...touching(`${root}/source/f`),
        ...touching(`${root}/source/out/key`),
        ...touching(`${root}/builds/b1/report.json`),
        ...touching(`${root}/builds/b2/log.txt`),
        ...bringing(`${root}/home/key`, log),
        ...elsewhere,
      ]);
    });
  }));

Deno.test("hostile code in the packer changes nothing but the disk", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, {
      "home/key": "secret",
      "source/f": "text",
      "ws/a/b/l": "-> ../../f",
    });
    const disk = `${root}/disk`;
    const permissions = packerPermissions({
      trees: [`${root}/source`, `${root}/ws`],
      disk,
    });
    await withHostile(permissions, async (isolate) => {
      for (
        const attempt of [
          deno("readTextFileSync", `${root}/source/f`),
          deno("writeTextFileSync", disk, "tar"),
        ]
      ) assert.equal(await isolate.call("attempt", attempt), "done");
      await requireDenied(isolate, [
        ...touching(`${root}/home/key`),
        ...bringing(`${root}/home/key`, disk),
        ...bringing(`${root}/ws/a/b/l`, `${root}/ws/l`),
        deno("writeTextFileSync", `${root}/source/f`, "evil"),
        deno("removeSync", `${root}/ws/a/b/l`),
        deno("connect", { port: 1 }),
        deno("connect", { transport: "unix", path: `${root}/rpc` }),
      ]);
    });
  }));

Deno.test("hostile code in the egress isolate reaches no file", () =>
  inTemporaryDirectory(async (root) => {
    makeTree(root, { "home/key": "secret" });
    const listener = Deno.listen({ transport: "unix", path: `${root}/rpc` });
    try {
      await withHostile(egressPermissions, async (isolate) => {
        const listen = deno("listen", { hostname: "127.0.0.1", port: 0 });
        assert.equal(await isolate.call("attempt", listen), "done");
        await requireDenied(isolate, [
          ...touching(`${root}/home/key`),
          ...bringing(`${root}/home/key`, `${root}/key`),
          deno("connect", { transport: "unix", path: `${root}/rpc` }),
          deno("makeTempDirSync"),
          deno("hostname"),
        ]);
      });
    } finally {
      listener.close();
    }
  }));
