import assert from "node:assert/strict";
import { BuildRegistry, type Destroyable } from "./builds.ts";

const usage = {
  cpuSeconds: 1,
  peakMemoryBytes: 2,
  diskBytes: 3,
  memoryKills: 0,
};
const limits = { wallSeconds: 60, logBytes: 10 };

function build(id: string, release = () => {}) {
  const disk = { measureBy: () => {}, release: () => {} };
  const share = { cpus: 1, memoryBytes: 1, disk, release };
  return {
    ...{ build: id, name: id.toUpperCase(), limits, share },
    readyWorkers: 1,
  };
}

class RecordedWorker implements Destroyable {
  destroyed = false;

  constructor(readonly id: string) {}

  destroy() {
    this.destroyed = true;
    return Promise.resolve(usage);
  }
}

Deno.test("the end of a connection destroys the workers of its builds alone", async () => {
  const builds = new BuildRegistry<RecordedWorker>();
  const [mine, theirs] = [{}, {}];
  const [first, second, other] = ["1", "2", "3"]
    .map((id) => new RecordedWorker(id)) as [
      RecordedWorker,
      RecordedWorker,
      RecordedWorker,
    ];
  builds.open(mine, build("a"));
  builds.open(mine, build("b"));
  builds.open(theirs, build("c"));
  builds.addWorker(mine, "a", first);
  builds.addWorker(mine, "b", second);
  builds.addWorker(theirs, "c", other);
  await builds.closeAll(mine);
  assert.deepEqual(
    [first, second, other].map(({ destroyed }) => destroyed),
    [true, true, false],
  );
  assert.deepEqual(builds.list().map(({ id }) => id), ["c"]);
});

Deno.test("a connection sees neither builds nor workers of another", async () => {
  const builds = new BuildRegistry<RecordedWorker>();
  const [mine, theirs] = [{}, {}];
  builds.open(theirs, build("c"));
  builds.addWorker(theirs, "c", new RecordedWorker("3"));
  assert.throws(() => builds.open(mine, build("c")), { code: "busy" });
  assert.throws(() => builds.setPhase(mine, "c", "build"), {
    code: "unknown-build",
  });
  await assert.rejects(builds.close(mine, "c"), { code: "unknown-build" });
  assert.throws(() => builds.worker(mine, "3"), { code: "unknown-worker" });
  await assert.rejects(builds.destroyWorker(mine, "3"), {
    code: "unknown-worker",
  });
});

Deno.test("a destroyed worker is forgotten", async () => {
  const builds = new BuildRegistry<RecordedWorker>();
  const owner = {};
  builds.open(owner, build("a"));
  builds.addWorker(owner, "a", new RecordedWorker("1"));
  assert.deepEqual(await builds.destroyWorker(owner, "1"), usage);
  assert.throws(() => builds.worker(owner, "1"), { code: "unknown-worker" });
});

Deno.test("a build gives back its share when it ends", async () => {
  const builds = new BuildRegistry<RecordedWorker>();
  const owner = {};
  let released = 0;
  const announcement = build("a", () => released++);
  builds.open(owner, announcement);
  assert.equal(builds.share(owner, "a"), announcement.share);
  assert.throws(() => builds.share({}, "a"), { code: "unknown-build" });
  assert.equal(released, 0);
  await builds.close(owner, "a");
  assert.equal(released, 1);
});

Deno.test("the number of builds is bounded", () => {
  const builds = new BuildRegistry<RecordedWorker>();
  for (let index = 0; index < 64; index++) {
    builds.open({}, build(`b${index}`));
  }
  assert.throws(() => builds.open({}, build("more")), {
    code: "no-capacity",
  });
});

Deno.test("what is found against a build ends its workers, and stays known", async () => {
  const builds = new BuildRegistry<RecordedWorker>();
  const owner = {};
  builds.open(owner, build("a"));
  builds.open(owner, build("b"));
  const [mine, other] = [new RecordedWorker("1"), new RecordedWorker("2")];
  builds.addWorker(owner, "a", mine);
  builds.addWorker(owner, "b", other);
  const verdict = builds.verdictOnWorker(owner, "1");
  assert.equal(verdict, builds.verdict(owner, "a"));
  assert.equal((await builds.judge(owner, "a")).limit, null);
  assert.ok(!mine.destroyed);
  verdict.budget.takeLog(11);
  assert.ok(mine.destroyed);
  assert.ok(!other.destroyed);
  assert.deepEqual(await builds.judge(owner, "a"), {
    attempts: { total: 0, records: [] },
    limit: { limit: "log", allowed: 10, measured: 11 },
  });
  assert.throws(() => builds.verdict({}, "a"), { code: "unknown-build" });
  await builds.closeEverything();
});
