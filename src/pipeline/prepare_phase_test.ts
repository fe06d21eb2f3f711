import assert from "node:assert/strict";
import { FakeBuild, outline, plainSpec, plays } from "./testing/fake_build.ts";
import { usageOfWorker } from "./testing/fake_manager.ts";

const preparedSpec = plainSpec + plays;
const mirror = { host: "mirror.example", port: 80, protocol: "http" } as const;

Deno.test("what an earlier build left in the manager serves again", async () => {
  const first = new FakeBuild({ spec: preparedSpec });
  await first.run();
  const again = new FakeBuild({ spec: preparedSpec });
  const { manager } = again;
  manager.isRunning = true;
  for (const image of first.manager.images) manager.images.add(image);
  for (const key of first.manager.prepared) manager.prepared.add(key);
  const { events, report, trace } = await again.run();
  assert.deepEqual(outline(events).slice(0, 3), [
    "manager reused",
    "image reused",
    "prepare reused",
  ]);
  assert.equal(report?.prepared?.reused, true);
  assert.ok(!trace.includes("image.import") && !trace.includes("worker.seal"));
});

Deno.test("without the cache a disk is prepared anew", async () => {
  const build = new FakeBuild({ spec: preparedSpec, useCache: false });
  const { trace } = await build.run();
  assert.equal(trace.filter((call) => call === "image.find").length, 1);
  assert.ok(trace.includes("worker.seal"));
});

Deno.test("a playbook that fails leaves no disk, and its worker is measured", async () => {
  const build = new FakeBuild({ spec: preparedSpec });
  build.manager.statuses.prepare = 2;
  const { exitCode, report, trace } = await build.run();
  assert.equal(exitCode, 1);
  assert.equal(report?.error?.code, "playbook-failed");
  assert.deepEqual(report?.usage, { prepare: usageOfWorker, build: null });
  assert.equal(build.manager.prepared.size, 0);
  const place = trace.indexOf("worker.run prepare");
  assert.deepEqual(trace.slice(place + 1, place + 4), [
    "worker.destroy",
    "build.verdict",
    "verdict of host",
  ]);
  assert.equal(build.trees.workspace, "earlier");
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("a playbook reaches the image's repositories, but no private place", async () => {
  const build = new FakeBuild({ spec: preparedSpec });
  const closed = { ...mirror, host: "mirror.internal" };
  build.manager.repositories = [mirror, closed, { ...mirror, host: "1.2.3.4" }];
  const { events, report } = await build.run();
  assert.deepEqual(report?.egress.prepare.allowed, [mirror]);
  assert.deepEqual(outline(events).filter((line) => line.startsWith("note")), [
    "note: The worker image names a package repository that only you can open: mirror.internal is in a private network",
    "note: The playbook may reach the worker image's package repositories: mirror.example:80",
  ]);
});

Deno.test("a spec's own hosts hold, by phase; `none` is no network card", async () => {
  const spec = preparedSpec + `
network:
  prepare: none
  build: [{ host: a.example, protocols: [https] }]
`;
  const build = new FakeBuild({ spec });
  const { report, trace } = await build.run();
  assert.ok(!trace.includes("worker.repositories"));
  const rule = { host: "a.example", port: 443, protocol: "https" };
  assert.deepEqual(report?.egress.build.allowed, [rule]);
  assert.deepEqual(build.egress.settings?.rules, [rule]);
  const declared = plainSpec + `
${plays}
network: { prepare: [{ host: a.example, protocols: [https] }], build: none }
`;
  const other = await new FakeBuild({ spec: declared }).run();
  assert.deepEqual(other.report?.egress.prepare.allowed, [rule]);
  assert.deepEqual(other.report?.egress.build.allowed, []);
});

Deno.test("a build that learns tells what it reached, by phase", async () => {
  const build = new FakeBuild({ spec: preparedSpec, learn: true });
  build.interfere = (call) => {
    const isRun = /^worker\.run (prepare|build)$/.exec(call);
    if (isRun === null) return;
    const host = `${isRun[1]}.example`;
    build.egress.findings.addLearned({ ...mirror, host });
  };
  const { exitCode, report, events } = await build.run();
  assert.equal(exitCode, 0);
  assert.deepEqual(report?.learned, {
    prepare: [{ ...mirror, host: "prepare.example" }],
    build: [{ ...mirror, host: "build.example" }],
  });
  assert.deepEqual(outline(events).slice(-8, -1), [
    "network:",
    "  prepare:",
    "    - host: prepare.example",
    "      protocols: [http]",
    "  build:",
    "    - host: build.example",
    "      protocols: [http]",
  ]);
});
