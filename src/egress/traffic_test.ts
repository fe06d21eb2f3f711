import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../shared/limits/testing/manual_clock.ts";
import type { LimitRecord } from "../shared/rpc/verdict.ts";
import { Traffic } from "./traffic.ts";

const { signal } = new AbortController();

function traffic(clock?: ManualClock) {
  const records: LimitRecord[] = [];
  return {
    records,
    traffic: new Traffic((record) => records.push(record), clock),
  };
}

Deno.test("without limits everything passes", async () => {
  const { traffic: unlimited, records } = traffic();
  assert.equal(await unlimited.admit(2 ** 40, signal), 2 ** 40);
  assert.deepEqual(records, []);
});

Deno.test("a total lets through what is left, and tells once what was wanted", async () => {
  const { traffic: limited, records } = traffic();
  limited.configure({ totalBytes: 10 });
  assert.equal(await limited.admit(4, signal), 4);
  assert.equal(await limited.admit(6, signal), 6);
  assert.equal(limited.isExceeded, false);
  assert.equal(await limited.admit(3, signal), 0);
  assert.equal(await limited.admit(3, signal), 0);
  assert.deepEqual(records, [
    { limit: "bandwidth.total", allowed: 10, measured: 13 },
  ]);
  assert.equal(limited.ended.aborted, false);
  limited.end();
  assert.equal(limited.ended.aborted, true);
});

Deno.test("what passed under other settings counts", async () => {
  const { traffic: limited, records } = traffic();
  await limited.admit(8, signal);
  limited.configure({ totalBytes: 10 });
  assert.equal(await limited.admit(5, signal), 2);
  limited.configure({ totalBytes: 10, bitsPerSecond: 1000 });
  assert.equal(await limited.admit(5, signal), 0);
  assert.equal(records.length, 1);
});

Deno.test("no more than the total passes, however it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.array(fc.nat(300)),
      async (totalBytes, blocks) => {
        const { traffic: limited, records } = traffic();
        limited.configure({ totalBytes });
        const admitted = await Promise.all(
          blocks.map((bytes) => limited.admit(bytes, signal)),
        );
        const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
        assert.equal(sum(admitted), Math.min(totalBytes, sum(blocks)));
        assert.equal(records.length, sum(blocks) > totalBytes ? 1 : 0);
      },
    ),
  );
});

Deno.test("a rate holds for all connections together", async () => {
  const clock = new ManualClock();
  const { traffic: limited } = traffic(clock);
  limited.configure({ bitsPerSecond: 8_000_000 });
  const passed: string[] = [];
  const all = ["a", "b", "c"].map(async (name) => {
    await limited.admit(100_000, signal);
    passed.push(name);
  });
  await clock.advance(0);
  assert.deepEqual(passed, ["a"]);
  await clock.advance(100);
  assert.deepEqual(passed, ["a", "b"]);
  await clock.advance(100);
  await Promise.all(all);
});

Deno.test("a connection that ended does not wait for its turn", async () => {
  const clock = new ManualClock();
  const { traffic: limited } = traffic(clock);
  limited.configure({ bitsPerSecond: 1000 });
  const abort = new AbortController();
  await limited.admit(64 * 1024, signal);
  const waiting = limited.admit(64 * 1024, abort.signal);
  abort.abort(new Error("ended"));
  await assert.rejects(waiting, /ended/);
});
