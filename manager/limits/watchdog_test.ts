import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../../src/shared/limits/testing/manual_clock.ts";
import type { BuildLimits, LimitRecord } from "../../src/shared/rpc/verdict.ts";
import { Budget } from "./budget.ts";
import {
  MAX_WRITE_BYTES_PER_SECOND,
  type WatchOptions,
  watchWorker,
} from "./watchdog.ts";

const MEBIBYTE = 1024 ** 2;

/** A worker that uses CPU time and disk at steady rates. */
function watchSteadyWorker(
  limits: Partial<BuildLimits>,
  rates: { cpu: number; diskBytesPerSecond: number; diskLimitBytes: number },
  options: Partial<WatchOptions> = {},
) {
  const clock = new ManualClock();
  const told: { record: LimitRecord; at: number }[] = [];
  const budget = new Budget(
    { wallSeconds: 1e6, logBytes: 0, ...limits },
    (record) => told.push({ record, at: clock.now() / 1000 }),
    clock,
  );
  const measured = { cpu: 0, disk: 0 };
  const watch = watchWorker({
    budget,
    cpus: 1,
    diskLimitBytes: rates.diskLimitBytes,
    measureCpuSeconds() {
      measured.cpu++;
      return Promise.resolve(clock.now() / 1000 * rates.cpu);
    },
    measureDiskBytes() {
      measured.disk++;
      return Promise.resolve(clock.now() / 1000 * rates.diskBytesPerSecond);
    },
    clock,
    ...options,
  });
  return { clock, budget, watch, told, measured };
}

const idle = { cpu: 0, diskBytesPerSecond: 0, diskLimitBytes: 1024 ** 3 };

Deno.test("watchWorker() never measures CPU time that has no limit", async () => {
  const { clock, watch, measured } = watchSteadyWorker({}, idle);
  await clock.advance(60_000);
  await watch.stop();
  assert.equal(measured.cpu, 0);
  assert.equal(clock.sleeping, 0);
});

Deno.test("watchWorker() measures seldom while limits are far", async () => {
  const { clock, watch, measured } = watchSteadyWorker(
    { cpuSeconds: 600 },
    idle,
  );
  await clock.advance(60_000);
  await watch.stop();
  assert.ok(measured.cpu <= 14, `${measured.cpu}`);
  assert.ok(measured.disk <= 62, `${measured.disk}`);
});

Deno.test("watchWorker() sees a CPU limit within half a second per CPU", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 120 }),
      async (cpus, busy, cpuSeconds) => {
        // One more for the devices.
        const { clock, watch, told } = watchSteadyWorker(
          { cpuSeconds },
          { ...idle, cpu: busy * (cpus + 1) },
          { cpus },
        );
        await clock.advance(1000 * (cpuSeconds / busy + 10));
        assert.equal(told[0]?.record.limit, "cpu-time");
        const overshoot = told[0]!.record.measured - cpuSeconds;
        assert.ok(overshoot > 0 && overshoot <= 0.26 * (cpus + 1));
        await watch.stop();
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("watchWorker() sees a disk limit within 10 MiB at full speed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4096 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      async (mebibytes, speed) => {
        const diskLimitBytes = mebibytes * MEBIBYTE;
        const diskBytesPerSecond = speed * MAX_WRITE_BYTES_PER_SECOND;
        const { clock, watch, told } = watchSteadyWorker({}, {
          cpu: 0,
          diskBytesPerSecond,
          diskLimitBytes,
        });
        const seconds = diskLimitBytes / diskBytesPerSecond + 1.1;
        await clock.advance(1000 * seconds);
        assert.equal(told[0]?.record.limit, "disk");
        assert.equal(told[0]?.record.allowed, diskLimitBytes);
        const overshoot = told[0]!.record.measured - diskLimitBytes;
        assert.ok(overshoot > 0 && overshoot <= 10.5 * MEBIBYTE);
        await watch.stop();
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("stop() counts what a worker did at the end of its life", async () => {
  let disk = 0;
  let cpu = 0;
  const { clock, watch, budget } = watchSteadyWorker(
    { cpuSeconds: 100 },
    { ...idle, diskLimitBytes: MEBIBYTE },
    {
      measureDiskBytes: () => Promise.resolve(disk),
      measureCpuSeconds: () => Promise.resolve(cpu),
    },
  );
  await clock.advance(2000);
  disk = MEBIBYTE + 1;
  cpu = 7;
  await Promise.all([watch.stop(), watch.stop()]);
  assert.deepEqual(budget.exceeded, {
    limit: "disk",
    allowed: MEBIBYTE,
    measured: MEBIBYTE + 1,
  });
  assert.equal(budget.cpuSeconds, 7);
  assert.equal(clock.sleeping, 0);
});

Deno.test("watchWorker() goes on when a measurement fails", async () => {
  let gone = true;
  let cpu = 0;
  const { clock, watch, budget, told } = watchSteadyWorker(
    { cpuSeconds: 10 },
    idle,
    {
      measureCpuSeconds: () =>
        gone ? Promise.reject(new Error("gone")) : Promise.resolve(cpu),
    },
  );
  await clock.advance(2000);
  gone = false;
  cpu = 9;
  await clock.advance(500);
  assert.equal(budget.cpuSeconds, 9);
  cpu = 11;
  await clock.advance(1000);
  assert.equal(told.length, 1);
  gone = true;
  await watch.stop();
  assert.equal(budget.cpuSeconds, 11);
});

Deno.test("watchWorker() counts a second worker with the first one's time", async () => {
  const { clock, budget, watch, told } = watchSteadyWorker(
    { cpuSeconds: 10 },
    { ...idle, cpu: 1 },
  );
  await clock.advance(6000);
  await watch.stop();
  const start = clock.now();
  const second = watchWorker({
    budget,
    cpus: 1,
    diskLimitBytes: 1,
    measureCpuSeconds: () => Promise.resolve((clock.now() - start) / 1000),
    measureDiskBytes: () => Promise.resolve(0),
    clock,
  });
  await clock.advance(5000);
  assert.equal(told[0]?.record.limit, "cpu-time");
  assert.ok(told[0]!.record.measured <= 10.6);
  await second.stop();
});
