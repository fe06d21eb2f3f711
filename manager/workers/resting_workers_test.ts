import assert from "node:assert/strict";
import { RestingWorkers } from "./resting_workers.ts";
import type { WorkerPlan } from "./worker_plan.ts";

const plan: WorkerPlan = {
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
  const others: WorkerPlan[] = [
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
  let started: AbortSignal | undefined;
  const workers = new RestingWorkers<Body>((_plan, signal) => {
    started = signal;
    return starting.promise;
  });
  workers.plan(plan);
  void workers.fill();
  const stop = new AbortController();
  const taken = workers.take(plan, stop.signal);
  stop.abort(new Error("stopped"));
  const body = new Body();
  started!.addEventListener("abort", () => starting.resolve(body));
  await assert.rejects(taken, /stopped/);
  assert.equal(body.closed, 1);
  assert.equal(workers.count, 0);
});

Deno.test("one that still starts is stopped when another kind needs the room", async () => {
  const workers = new RestingWorkers<Body>((_plan, signal) => {
    const { promise, reject } = Promise.withResolvers<Body>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  });
  workers.plan(plan);
  void workers.fill();
  assert.equal(await workers.take({ ...plan, cpus: 2 }, never), undefined);
  assert.equal(workers.memoryBytes, 0);
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

Deno.test("one that cannot be started is not tried again before the next build", async () => {
  let tries = 0;
  const workers = new RestingWorkers<Body>(() => {
    tries++;
    return Promise.reject(new Error("no memory"));
  });
  workers.plan(plan);
  await workers.fill();
  await workers.fill();
  assert.equal(tries, 1);
  workers.plan(plan);
  await workers.fill();
  assert.equal(tries, 2);
  assert.equal(workers.count, 0);
});

Deno.test("one that is not saved rests as soon as it is", async () => {
  const saved: Body[] = [];
  const workers = new RestingWorkers<Body>(() => Promise.resolve(saved[0]));
  workers.plan(plan);
  await workers.fill();
  assert.equal(workers.count, 0);
  saved.push(new Body());
  await workers.fill();
  assert.equal(workers.count, 1);
  assert.equal(workers.memoryBytes, plan.memoryBytes);
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

Deno.test("whoever only asks how things are delays nothing", async () => {
  const { bodies, workers } = createPlace();
  workers.fillSoon();
  const deadline = performance.now() + 1000;
  while (bodies.length === 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    workers.fillSoon();
  }
  assert.equal(bodies.length, 1);
  await workers.drop();
});

Deno.test("one that cannot be ended does not matter to the next", async () => {
  const workers = new RestingWorkers<Body>(() =>
    Promise.resolve(
      Object.assign(new Body(), {
        close: () => Promise.reject(new Error("stuck")),
      }),
    )
  );
  workers.plan(plan);
  await workers.fill();
  assert.equal(await workers.drop(), true);
  assert.equal(workers.count, 0);
});

Deno.test("nothing rests where nothing was built, or none is wanted", async () => {
  const { bodies, workers } = createPlace();
  workers.plan(undefined);
  await workers.fill();
  assert.equal(bodies.length, 0);
  assert.equal(await workers.take(plan, never), undefined);
});
