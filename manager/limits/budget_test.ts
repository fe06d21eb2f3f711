import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../../src/shared/limits/testing/manual_clock.ts";
import type { BuildLimits, LimitRecord } from "../../src/shared/rpc/verdict.ts";
import { Budget } from "./budget.ts";

const KIBIBYTE = 1024;

function createBudget(limits: Partial<BuildLimits>) {
  const clock = new ManualClock();
  const told: LimitRecord[] = [];
  const budget = new Budget(
    { wallSeconds: 3600, logBytes: 1000, ...limits },
    (record) => told.push(record),
    clock,
  );
  return { budget, clock, told };
}

Deno.test("Budget sums the CPU time of all workers, ended ones too", () => {
  const { budget, told } = createBudget({ cpuSeconds: 10 });
  const first = budget.startWorker(1);
  first.noteCpu(4);
  first.end();
  const [second, third] = [budget.startWorker(1), budget.startWorker(1)];
  second.noteCpu(3);
  third.noteCpu(3);
  assert.equal(budget.cpuSeconds, 10);
  assert.equal(budget.exceeded, undefined);
  third.noteCpu(3.5);
  assert.deepEqual(told, [
    { limit: "cpu-time", allowed: 10, measured: 10.5 },
  ]);
  second.end();
  third.end();
});

Deno.test("Budget never takes back CPU time", () => {
  const { budget } = createBudget({});
  const worker = budget.startWorker(1);
  worker.noteCpu(4);
  worker.noteCpu(0);
  worker.end();
  worker.end();
  assert.equal(budget.cpuSeconds, 4);
});

Deno.test("Budget's clock runs while a worker does, and once for two", async () => {
  const { budget, clock, told } = createBudget({ wallSeconds: 10 });
  const first = budget.startWorker(1);
  await clock.advance(4000);
  const second = budget.startWorker(1);
  await clock.advance(2000);
  first.end();
  second.end();
  assert.equal(clock.sleeping, 0);
  await clock.advance(60_000);
  assert.equal(budget.wallSeconds, 6);
  const third = budget.startWorker(1);
  await clock.advance(3999);
  assert.deepEqual(told, []);
  await clock.advance(2);
  assert.deepEqual(told, [
    { limit: "wall-time", allowed: 10, measured: 10.001 },
  ]);
  assert.equal(clock.sleeping, 0);
  third.end();
});

Deno.test("Budget can time a build of months", async () => {
  const month = 30 * 24 * 3600;
  const { budget, clock } = createBudget({ wallSeconds: 2 * month });
  const worker = budget.startWorker(1);
  await clock.advance(month * 1000);
  assert.equal(clock.sleeping, 1);
  await clock.advance(month * 1000 + 1);
  assert.equal(budget.exceeded?.limit, "wall-time");
  worker.end();
});

Deno.test("Budget cuts the log at its limit", () => {
  const { budget, told } = createBudget({ logBytes: 100 });
  assert.equal(budget.takeLog(60), 60);
  assert.equal(budget.takeLog(40), 40);
  assert.deepEqual(told, []);
  assert.equal(budget.takeLog(5), 0);
  assert.deepEqual(told, [{ limit: "log", allowed: 100, measured: 105 }]);
  assert.equal(budget.takeLog(7), 0);
  assert.deepEqual(told.length, 1);
  assert.equal(budget.exceeded?.measured, 112);
});

Deno.test("Budget keeps the first limit that was exceeded", async () => {
  const { budget, told } = createBudget({ logBytes: 1, networkBytes: 1 });
  budget.exceed({ limit: "disk", allowed: 5, measured: 6 });
  assert.equal(budget.takeLog(2), 1);
  assert.equal(await budget.passNetwork(1), false);
  budget.exceed({ limit: "disk", allowed: 5, measured: 9 });
  budget.exceed({ limit: "disk", allowed: 5, measured: 8 });
  assert.deepEqual(told, [{ limit: "disk", allowed: 5, measured: 6 }]);
  assert.deepEqual(budget.exceeded, {
    limit: "disk",
    allowed: 5,
    measured: 9,
  });
});

Deno.test("Budget passes the network's total to the last byte", async () => {
  const { budget, told } = createBudget({ networkBytes: 100 });
  assert.equal(await budget.passNetwork(60), true);
  assert.equal(await budget.passNetwork(40), true);
  assert.equal(await budget.passNetwork(0), true);
  assert.deepEqual(told, []);
  assert.equal(await budget.passNetwork(1), false);
  assert.deepEqual(told, [
    { limit: "bandwidth.total", allowed: 100, measured: 101 },
  ]);
  assert.equal(budget.networkBytes, 100);
});

Deno.test("Budget never passes more than the total, nor faster than the rate", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 500_000 }),
      fc.option(fc.integer({ min: 100_000, max: 10_000_000 })),
      fc.array(fc.integer({ min: 0, max: 64 * KIBIBYTE }), { maxLength: 30 }),
      async (networkBytes, networkBitsPerSecond, blocks) => {
        const { budget, clock, told } = createBudget({
          networkBytes,
          ...(networkBitsPerSecond !== null && { networkBitsPerSecond }),
        });
        let passed = 0;
        const all = blocks.map(async (bytes) => {
          if (await budget.passNetwork(bytes)) passed += bytes;
          if (networkBitsPerSecond === null) return;
          const burst = Math.max(64 * KIBIBYTE, networkBitsPerSecond / 80);
          const most = burst + clock.now() * networkBitsPerSecond / 8000;
          assert.ok(passed <= most + 1e-3);
        });
        await clock.advance(600_000);
        await Promise.all(all);
        assert.ok(passed <= networkBytes);
        assert.equal(budget.networkBytes, passed);
        const asked = blocks.reduce((sum, bytes) => sum + bytes, 0);
        assert.equal(told.length, asked > networkBytes ? 1 : 0);
        if (told[0]) {
          assert.ok(told[0].measured - networkBytes <= 64 * KIBIBYTE);
        }
      },
    ),
  );
});

Deno.test("Budget lets nobody wait for a build that is over", async () => {
  for (const end of ["close", "exceed"] as const) {
    const { budget, clock } = createBudget({ networkBitsPerSecond: 8 });
    assert.equal(await budget.passNetwork(64 * KIBIBYTE), true);
    const waiting = [budget.passNetwork(1000), budget.passNetwork(1000)];
    await clock.advance(1000);
    assert.equal(clock.sleeping, 1);
    if (end === "close") budget.close();
    else budget.exceed({ limit: "disk", allowed: 1, measured: 2 });
    assert.deepEqual(await Promise.all(waiting), [false, false]);
    assert.equal(clock.sleeping, 0);
    assert.equal(budget.networkBytes, 64 * KIBIBYTE);
  }
});
