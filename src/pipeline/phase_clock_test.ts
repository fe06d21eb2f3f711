import assert from "node:assert/strict";
import type { BuildEvent } from "./events.ts";
import { isoTime, PhaseClock, roundSeconds } from "./phase_clock.ts";
import { systemClock } from "./system_clock.ts";
import { FakeClock } from "./testing/fake_host.ts";

/** An event without what differs from run to run. */
function outline(event: BuildEvent): string {
  switch (event.type) {
    case "phase-start":
      return `${event.phase} starts`;
    case "phase-end":
      return `${event.phase} ${event.outcome}`;
    default:
      return event.type;
  }
}

function recorded() {
  const events: BuildEvent[] = [];
  return { events, clock: new PhaseClock((event) => events.push(event)) };
}

Deno.test("phases are told when they start and end, and how they ended", async () => {
  const { events, clock } = recorded();
  await clock.run("image", () => Promise.resolve("reused"));
  clock.skip("prepare");
  await clock.run("boot", () => Promise.resolve());
  assert.deepEqual(events.map(outline), [
    "image starts",
    "image reused",
    "prepare starts",
    "prepare skipped",
    "boot starts",
    "boot done",
  ]);
  assert.deepEqual(
    clock.records.map(({ phase, outcome }) => [phase, outcome]),
    [["image", "reused"], ["prepare", "skipped"], ["boot", "done"]],
  );
});

Deno.test("a phase that throws has failed, and the error goes on", async () => {
  const { events, clock } = recorded();
  const mistake = new Error("out of order");
  await assert.rejects(clock.run("build", () => Promise.reject(mistake)), {
    message: mistake.message,
  });
  assert.deepEqual(events.map(outline), ["build starts", "build failed"]);
  assert.equal(clock.records[0]?.outcome, "failed");
  assert.equal(clock.current, undefined);
});

Deno.test("the phase under way is known while it runs", async () => {
  const { clock } = recorded();
  assert.equal(clock.current, undefined);
  await clock.run("boot", () => {
    assert.equal(clock.current, "boot");
    return Promise.resolve();
  });
  assert.equal(clock.current, undefined);
});

Deno.test("a phase's time is measured, and the same in event and record", async () => {
  const events: BuildEvent[] = [];
  const time = new FakeClock();
  const clock = new PhaseClock((event) => events.push(event), time);
  await clock.run("build", () => {
    time.advance(1_234);
    return Promise.resolve();
  });
  const [start, end] = events;
  assert.ok(end?.type === "phase-end");
  assert.equal(end.seconds, 1.234);
  assert.equal(clock.records[0]?.seconds, 1.234);
  assert.equal(Date.parse(end.time) - Date.parse(start!.time), 1_234);
});

Deno.test("times are in UTC, seconds have milliseconds", () => {
  assert.equal(isoTime(new FakeClock()), "2026-01-01T00:00:01.000Z");
  assert.match(
    isoTime(systemClock),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  );
  assert.equal(roundSeconds(1.23456), 1.235);
  assert.equal(roundSeconds(0.0004), 0);
});
