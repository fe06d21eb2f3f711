import assert from "node:assert/strict";
import { RestingWorkers } from "./resting_workers.ts";
import type { BodyPlan } from "./worker_body.ts";

const plan: BodyPlan = {
  base: { image: "a".repeat(64) },
  cpus: 1,
  memoryBytes: 1024,
  diskBytes: 4096,
  hasNetwork: true,
};

const never = new AbortController().signal;

class Body {
  closed = 0;

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

/** A place for resting workers that notes what was started. */
function createPlace(longest = 3_600_000) {
  const bodies: Body[] = [];
  const workers = new RestingWorkers<Body>(() => {
    bodies.push(new Body());
    return Promise.resolve(bodies.at(-1));
  }, { quiet: 5, longest });
  workers.plan(plan);
  return { bodies, workers };
}

Deno.test("one worker rests, and serves one build", async () => {
  const { bodies, workers } = createPlace();
  await workers.fill();
  await workers.fill();
  assert.equal(bodies.length, 1);
  assert.equal(workers.count, 1);
  assert.equal(await workers.take({ ...plan }, never), bodies[0]);
  assert.equal(await workers.take({ ...plan }, never), undefined);
  assert.equal(bodies[0]!.closed, 0);
  assert.equal(workers.count, 0);
});

Deno.test("two builds that want the same get it once", async () => {
  const { bodies, workers } = createPlace();
  void workers.fill();
  const taken = await Promise.all([
    workers.take(plan, never),
    workers.take(plan, never),
  ]);
  assert.deepEqual(taken, [bodies[0], undefined]);
});

Deno.test("one of another kind makes room", async () => {
  const others: BodyPlan[] = [
    { ...plan, base: { image: "b".repeat(64) } },
    { ...plan, base: { ...plan.base, prepared: "c".repeat(64) } },
    { ...plan, cpus: 2 },
    { ...plan, memoryBytes: 2048 },
    { ...plan, diskBytes: 8192 },
    { ...plan, hasNetwork: false },
  ];
  for (const other of others) {
    const { bodies, workers } = createPlace();
    await workers.fill();
    assert.equal(await workers.take(other, never), undefined);
    assert.equal(bodies[0]!.closed, 1);
  }
});

Deno.test("a build that is interrupted as it takes one leaves none behind", async () => {
  const starting = Promise.withResolvers<Body>();
  const workers = new RestingWorkers<Body>(() => starting.promise);
  workers.plan(plan);
  void workers.fill();
  const stop = new AbortController();
  const taken = workers.take(plan, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(taken, /stopped/);
  const body = new Body();
  starting.resolve(body);
  await starting.promise;
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(body.closed, 1);
  assert.equal(workers.count, 0);
});

Deno.test("one yields once it has started, and not before", async () => {
  const { bodies, workers } = createPlace();
  const filled = workers.fill();
  assert.equal(await workers.yield(), false);
  await filled;
  assert.equal(await workers.yield(), true);
  assert.equal(bodies[0]!.closed, 1);
  assert.equal(await workers.drop(), false);
});

Deno.test("one that cannot be started is tried again the next time", async () => {
  let tries = 0;
  const workers = new RestingWorkers<Body>(() =>
    ++tries === 1 ? Promise.reject(new Error("no memory")) : Promise.resolve(
      tries === 2 ? undefined : new Body(),
    )
  );
  workers.plan(plan);
  for (const count of [0, 0, 1]) {
    await workers.fill();
    assert.equal(workers.count, count);
  }
  await workers.drop();
});

Deno.test("one that has rested for too long is replaced", async () => {
  const { bodies, workers } = createPlace(1);
  await workers.fill();
  while (bodies.length < 3) await new Promise((next) => setTimeout(next, 1));
  assert.equal(bodies[0]!.closed, 1);
  assert.equal(bodies[1]!.closed, 1);
  workers.plan(undefined);
  await workers.drop();
});

Deno.test("none is started while builds follow one another", async () => {
  const { bodies, workers } = createPlace();
  workers.fillSoon();
  workers.wait();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(bodies.length, 0);
  workers.fillSoon();
  workers.fillSoon();
  while (bodies.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(bodies.length, 1);
  await workers.drop();
});

Deno.test("nothing rests where nothing was built, or none is wanted", async () => {
  const { bodies, workers } = createPlace();
  workers.plan(undefined);
  await workers.fill();
  assert.equal(bodies.length, 0);
  assert.equal(await workers.take(plan, never), undefined);
});
