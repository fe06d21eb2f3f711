import assert from "node:assert/strict";
import { ManualClock } from "./manual_clock.ts";

Deno.test("ManualClock waits for chains of promises of any length", async () => {
  const clock = new ManualClock();
  let sleeps = 0;
  const user = async () => {
    for (const wait of [1, 2, 3]) {
      for (let link = 0; link < 20_000; link++) await Promise.resolve();
      await clock.sleep(wait);
      sleeps++;
    }
  };
  const using = user();
  await clock.advance(5);
  assert.equal(sleeps, 2);
  assert.equal(clock.sleeping, 1);
  await clock.advance(1);
  assert.equal(sleeps, 3);
  await using;
});
