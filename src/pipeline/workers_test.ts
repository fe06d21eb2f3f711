import assert from "node:assert/strict";
import { EnvironmentError } from "../shared/errors.ts";
import { BuildAgent } from "./build_agent.ts";
import type { Fact } from "./facts.ts";
import { FakeClock } from "./testing/fake_host.ts";
import { FakeManager, usageOfWorker } from "./testing/fake_manager.ts";
import { Workers } from "./workers.ts";

const image = "1".repeat(64);
const settings = {
  build: "b1",
  base: { image },
  diskBytes: 1024 ** 2,
  bootTimeoutSeconds: 60,
  network: null,
  sealable: false,
};

/** A build's workers in a manager that knows of the build. */
async function opened() {
  const manager = new FakeManager();
  const judge = new AbortController();
  await manager.connect(judge.signal);
  manager.builds.set("b1", { phase: "", workers: new Map() });
  manager.images.add(image);
  const facts: Fact[] = [];
  const agent = new BuildAgent(manager, judge, () => {});
  const workers = new Workers(
    agent,
    new FakeClock(),
    (fact) => facts.push(fact),
  );
  const running = () => manager.builds.get("b1")!.workers.size;
  return { manager, judge, facts, workers, running };
}

const used = (use: "prepare" | "build"): Fact => ({
  type: "used",
  use,
  usage: usageOfWorker,
});

Deno.test("a worker is destroyed once, and measured by what it was for", async () => {
  const { workers, facts, running } = await opened();
  await workers.destroy();
  await workers.boot("prepare", settings);
  assert.equal(running(), 1);
  await workers.destroy();
  await workers.destroy();
  await workers.end();
  assert.equal(running(), 0);
  await workers.boot("build", settings);
  await workers.end();
  assert.deepEqual(facts, [used("prepare"), used("build")]);
});

Deno.test("a worker is ended also when the build must end", async () => {
  const { workers, judge, facts, running } = await opened();
  await workers.boot("build", settings);
  judge.abort();
  await assert.rejects(workers.destroy());
  assert.equal(running(), 1);
  await workers.end();
  assert.equal(running(), 0);
  assert.deepEqual(facts, [used("build")]);
});

Deno.test("a worker that is gone with its manager is no error at the end", async () => {
  const { workers, manager, facts } = await opened();
  await workers.boot("build", settings);
  manager.end(new EnvironmentError("manager-gone", "The manager VM ended"));
  await workers.end();
  assert.deepEqual(facts, []);
});

Deno.test("a worker that did not boot is none", async () => {
  const { workers, manager, facts } = await opened();
  manager.deaths = 1;
  await assert.rejects(workers.boot("build", settings), {
    code: "manager-worker-died",
  });
  await workers.destroy();
  assert.deepEqual(facts, []);
});
