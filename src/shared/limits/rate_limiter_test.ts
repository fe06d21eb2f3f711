import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "./testing/manual_clock.ts";
import { RateLimiter } from "./rate_limiter.ts";

const KIBIBYTE = 1024;

/** 8 Mbit/s: 1000 bytes per millisecond, a burst of 100,000 bytes. */
const EIGHT_MEGABITS = 8_000_000;

Deno.test("RateLimiter without a rate never waits and starts no timer", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(undefined, clock);
  await limiter.take(1024 ** 4);
  await limiter.take(1024 ** 4);
  assert.equal(clock.sleeping, 0);
});

Deno.test("RateLimiter lets a burst of 100 ms go at once, then the rate", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(EIGHT_MEGABITS, clock);
  await limiter.take(100_000);
  assert.equal(clock.sleeping, 0);
  let taken = false;
  const second = limiter.take(50_000).then(() => taken = true);
  await clock.advance(49);
  assert.equal(taken, false);
  await clock.advance(1);
  assert.equal(taken, true);
  await second;
});

Deno.test("RateLimiter lets 64 KiB go at once, however slow it is", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(8, clock);
  await limiter.take(64 * KIBIBYTE);
  assert.equal(clock.now(), 0);
  const last = limiter.take(7);
  await clock.advance(6999);
  assert.equal(clock.sleeping, 1);
  await clock.advance(1);
  await last;
});

Deno.test("RateLimiter saves no more than one burst while it is idle", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(EIGHT_MEGABITS, clock);
  await clock.advance(60_000);
  await limiter.take(100_000);
  const second = limiter.take(1000);
  await clock.advance(0);
  assert.equal(clock.sleeping, 1);
  await clock.advance(1);
  await second;
});

Deno.test("RateLimiter serves in the order of asking, small ones behind large ones", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(EIGHT_MEGABITS, clock);
  const order: string[] = [];
  const all = [["large", 1_000_000], ["small", 1], ["medium", 5000]] as const;
  const done = all.map(([name, bytes]) =>
    limiter.take(bytes).then(() => order.push(name))
  );
  await clock.advance(10_000);
  await Promise.all(done);
  assert.deepEqual(order, ["large", "small", "medium"]);
});

Deno.test("RateLimiter lets one who gives up take nothing", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(EIGHT_MEGABITS, clock);
  await limiter.take(100_000);
  const abort = new AbortController();
  const given = limiter.take(90_000, abort.signal);
  const next = limiter.take(10_000);
  await clock.advance(5);
  abort.abort(new Error("gone"));
  await assert.rejects(given, /gone/);
  await clock.advance(5);
  await next;
  assert.equal(clock.sleeping, 0);
  await assert.rejects(limiter.take(1, abort.signal), /gone/);
});

Deno.test("RateLimiter keeps to the rate over any time, within one burst", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1000, max: 1_000_000_000 }),
      fc.array(
        fc.record({
          pause: fc.integer({ min: 0, max: 300 }),
          bytes: fc.integer({ min: 0, max: 64 * KIBIBYTE }),
        }),
        { minLength: 1, maxLength: 30 },
      ),
      async (bitsPerSecond, asks) => {
        const clock = new ManualClock();
        const limiter = new RateLimiter(bitsPerSecond, clock);
        const bytesPerMs = bitsPerSecond / 8000;
        const burst = Math.max(64 * KIBIBYTE, bytesPerMs * 100);
        const went: { at: number; bytes: number }[] = [];
        const done: Promise<unknown>[] = [];
        for (const { pause, bytes } of asks) {
          await clock.advance(pause);
          done.push(
            limiter.take(bytes).then(() =>
              went.push({ at: clock.now(), bytes })
            ),
          );
        }
        const total = asks.reduce((sum, { bytes }) => sum + bytes, 0);
        // Waits are whole milliseconds.
        await clock.advance(total / bytesPerMs + asks.length + 1);
        await Promise.all(done);
        assert.deepEqual(
          went.map(({ bytes }) => bytes),
          asks.map(({ bytes }) => bytes),
        );
        for (let from = 0; from < went.length; from++) {
          let bytes = 0;
          for (const entry of went.slice(from)) {
            bytes += entry.bytes;
            const time = entry.at - went[from]!.at;
            assert.ok(bytes <= burst + time * bytesPerMs + 1e-3);
          }
        }
      },
    ),
  );
});

Deno.test("RateLimiter keeps time with the machine's own clock", async () => {
  const limiter = new RateLimiter(EIGHT_MEGABITS);
  const start = performance.now();
  for (let i = 0; i < 10; i++) await limiter.take(20_000);
  const elapsed = performance.now() - start;
  assert.ok(elapsed >= 99, `${elapsed} ms`);
});
