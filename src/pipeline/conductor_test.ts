/**
 * Whole builds that nothing is wrong with but what they build.
 *
 * @module
 */

import assert from "node:assert/strict";
import { emptyUserConfig } from "../config/user_config.ts";
import { EnvironmentError, LimitExceededError } from "../shared/errors.ts";
import { FakeBuild, outline, plainSpec, plays } from "./testing/fake_build.ts";
import { imageDigest } from "./testing/fake_host.ts";
import { usageOfWorker } from "./testing/fake_manager.ts";

const preparedSpec = plainSpec + plays;

const beginning = ["openLog", "takeStock", "manager.connect", "build.open"];
const imported = [
  "build.phase image",
  "checkImage",
  "digestImage",
  "readSeal",
  "image.find",
  "attachDisk b1-image",
  "image.import",
  "requireUnchangedImage",
  "image.keep",
  "noteSeal",
  "detachDisk b1-image",
];
const prepared = [
  "build.phase prepare",
  "readSeal",
  "readSeal",
  "image.find",
  "worker.boot",
  "worker.repositories",
  "allow 0",
  "worker.allow",
  "worker.run prepare",
  "worker.poweroff",
  "build.verdict",
  "verdict of host",
  "worker.seal",
  "noteSeal",
];
const built = [
  "build.phase boot",
  "allow 0",
  "pack",
  "attachDisk b1-trees",
  "worker.boot",
  "worker.plug",
  "build.phase source-in",
  "worker.run source-in",
  "build.phase build",
  "worker.run build",
  "build.phase workspace-out",
  "worker.run workspace-out",
  "worker.destroy",
  "detachDisk b1-trees",
  "build.verdict",
  "verdict of host",
  "unpack",
  "keep",
  "build.close",
];
const ending = ["closeLog", "usage", "disconnect", "writeReport"];

Deno.test("a build asks for all that it needs, in this order", async () => {
  const build = new FakeBuild();
  const { exitCode, trace, events } = await build.run();
  assert.equal(exitCode, 0);
  assert.deepEqual(trace, [...beginning, ...imported, ...built, ...ending]);
  assert.deepEqual(outline(events), [
    "manager done",
    "image done",
    "prepare skipped",
    "boot done",
    "source-in done",
    "log: built",
    "build done",
    "workspace-out done",
    "report done",
  ]);
  assert.equal(build.trees.workspace, "source, built");
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("a build with a playbook prepares a disk in between", async () => {
  const build = new FakeBuild({ spec: preparedSpec });
  const { exitCode, trace } = await build.run();
  assert.equal(exitCode, 0);
  assert.deepEqual(trace, [
    ...beginning,
    ...imported,
    ...prepared,
    ...built,
    ...ending,
  ]);
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("the report of a build has all that it found out", async () => {
  const { report } = await new FakeBuild({ spec: preparedSpec }).run();
  assert.ok(report);
  const { startedAt, endedAt, seconds, contractor, ...others } = report;
  assert.ok(Date.parse(startedAt) <= Date.parse(endedAt) && seconds >= 0);
  assert.match(contractor, /^\d/);
  assert.deepEqual({
    ...others,
    phases: others.phases.map(({ phase, outcome }) => `${phase} ${outcome}`),
    prepared: others.prepared?.reused,
  }, {
    format: 1,
    build: "b1",
    spec: { path: "/project/build.yaml", sha256: "2".repeat(64) },
    project: { folder: "/project", outside: [] },
    image: {
      path: "/project/worker.img",
      sha256: imageDigest,
      format: "raw",
    },
    prepared: false,
    manager: { version: "v1", accelerator: "kvm" },
    boot: "booted",
    phases: [
      "manager done",
      "image done",
      "prepare done",
      "boot done",
      "source-in done",
      "build done",
      "workspace-out done",
    ],
    retries: [],
    outcome: "success",
    exitCode: 0,
    buildStatus: 0,
    violations: { network: { total: 0, records: [] }, limits: [] },
    learned: null,
    error: null,
    usage: { prepare: usageOfWorker, build: usageOfWorker },
    egress: {
      prepare: { allowed: [] },
      build: { allowed: [] },
      bytesFromHosts: 202,
      bytesToHosts: 11,
    },
    log: { path: "/state/log.txt", bytes: 6 },
    workspace: {
      path: "/project/ws",
      exported: true,
      entries: 1,
      bytes: "source, built".length,
      notes: [],
      leftOut: { count: 0, programs: [], first: [] },
    },
  });
});

Deno.test("without an earlier workspace no stock is taken of it", async () => {
  const build = new FakeBuild();
  build.trees.workspace = undefined;
  const { exitCode, trace } = await build.run();
  assert.equal(exitCode, 0);
  assert.ok(!trace.includes("takeStock"));
});

Deno.test("a build whose commands fail has its workspace taken out all the same", async () => {
  const build = new FakeBuild();
  build.manager.statuses.build = 7;
  const { exitCode, report, events } = await build.run();
  assert.equal(exitCode, 1);
  assert.equal(report?.buildStatus, 7);
  assert.equal(report?.outcome, "build-failed");
  assert.equal(
    report?.error?.message,
    "The build commands failed with exit status 7",
  );
  assert.ok(outline(events).includes("build failed"));
  assert.equal(build.trees.workspace, "source, built");
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("a worker that cannot do its own steps is at fault, not the build", async () => {
  for (const kind of ["source-in", "workspace-out"] as const) {
    const build = new FakeBuild();
    build.manager.statuses[kind] = 1;
    const { exitCode, report } = await build.run();
    assert.equal(exitCode, 3);
    assert.equal(
      report?.error?.message,
      `The worker failed to do "${kind}": exit status 1`,
    );
    assert.deepEqual(report?.usage.build, usageOfWorker);
    assert.equal(build.trees.workspace, "earlier");
    assert.deepEqual(build.leftOpen(), []);
  }
});

Deno.test("a workspace that is too large is the build's own fault", async () => {
  const build = new FakeBuild();
  build.manager.statuses["workspace-out"] = 1;
  build.interfere = (call) => {
    if (call !== "requireExportRoom") return;
    throw new LimitExceededError("workspace-too-large", "Too large", {
      record: { limit: "workspace.bytes", allowed: 1, measured: 3 },
    });
  };
  const { exitCode, report } = await build.run();
  assert.equal(exitCode, 4);
  assert.equal(report?.error?.code, "workspace-too-large");
  assert.deepEqual(report?.violations.limits, [{
    limit: "workspace.bytes",
    allowed: 1,
    measured: 3,
    overshoot: 2,
    phase: "workspace-out",
  }]);
});

Deno.test("limits and the user's rules reach manager and dialer", async () => {
  const build = new FakeBuild({
    spec: plainSpec + `
resources:
  cpus: 2
  cpu-time: 1 h
  bandwidth: { total: 1 MiB, rate: 1 Mbit/s }
`,
    config: {
      network: { ...emptyUserConfig.network, opened: ["10.0.0.1"] },
    },
  });
  assert.equal((await build.run()).exitCode, 0);
  assert.deepEqual(build.egress.settings?.limits, {
    totalBytes: 1024 ** 2,
    bitsPerSecond: 1_000_000,
  });
  assert.deepEqual(build.egress.settings?.opened, ["10.0.0.1"]);
});

Deno.test("what was left out on the way in and out is told", async () => {
  const build = new FakeBuild();
  build.trees.packNotes = ["left out in"];
  build.trees.exportNotes = ["left out"];
  build.trees.kept = "kept beside";
  const { events, report } = await build.run();
  assert.deepEqual(outline(events).filter((line) => line.startsWith("note")), [
    "note: left out in",
    "note: left out",
    "note: kept beside",
  ]);
  assert.deepEqual(report?.workspace.notes, ["left out", "kept beside"]);
  const kept = events.find((event) =>
    event.type === "note" && event.message === "kept beside"
  );
  assert.equal(kept?.type === "note" && kept.always, true);
});

Deno.test("a few connections that fail are told, not all", async () => {
  const build = new FakeBuild();
  build.interfere = (call) => {
    if (call !== "worker.run build") return;
    build.egress.fail("no route");
    for (let i = 0; i < 50; i++) build.egress.fail(new Error(`failed ${i}`));
  };
  const { exitCode, events } = await build.run();
  assert.equal(exitCode, 0);
  const notes = outline(events).filter((line) => line.startsWith("note"));
  assert.equal(notes.length, 20);
  assert.equal(notes[0], "note: no route");
});

Deno.test("a worker's text in an error is safe to print", async () => {
  const build = new FakeBuild();
  build.interfere = (call) => {
    if (call !== "worker.plug") return;
    throw new EnvironmentError("file-system", "Odd", { detail: "\x1b[2Jtext" });
  };
  const { report } = await build.run();
  assert.equal(report?.error?.detail, "\\x1b[2Jtext");
});
