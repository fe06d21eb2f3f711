import assert from "node:assert/strict";
import type { Phase } from "./events.ts";
import { Judge } from "./judge.ts";
import { FakeClock, FakeEgress } from "./testing/fake_host.ts";
import { FakeManager } from "./testing/fake_manager.ts";

const HEARTBEAT_MS = 2_000;

const attempt = {
  protocol: "https",
  refusal: "address-refused",
  host: "evil.example",
  address: "10.0.0.1",
  port: 443,
  content: null,
  claimed: null,
} as const;

const limit = { limit: "bandwidth.total", allowed: 1, measured: 2 } as const;

/** The judge of a build that the manager knows of. */
async function judged() {
  const manager = new FakeManager();
  const egress = new FakeEgress();
  const clock = new FakeClock();
  const interruption = new AbortController();
  await manager.connect(interruption.signal);
  manager.builds.set("b1", { phase: "", workers: new Map() });
  let phase: Phase = "prepare";
  const judge = new Judge(
    "b1",
    { agent: manager, egress, clock },
    interruption.signal,
    () => phase,
  );
  return {
    judge,
    manager,
    egress,
    clock,
    interruption,
    enter: (next: Phase) => phase = next,
    /** The manager is asked once more. */
    async beat() {
      clock.advance(HEARTBEAT_MS);
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

type Judged = Awaited<ReturnType<typeof judged>>;

const seenByHost = ({ egress }: Judged) => egress.findings.addAttempt(attempt);
const overByHost = ({ egress }: Judged) => egress.findings.addLimit(limit);
const overByManager = ({ manager }: Judged) => manager.findLimit(limit);
const seenByManager = ({ manager }: Judged) => {
  manager.verdict.attempts.total = 1;
};

Deno.test("a build passes if neither manager nor host found anything", async () => {
  const { judge } = await judged();
  await judge.requireInnocence();
  await judge.close();
});

Deno.test("a build does not pass if either found something", async () => {
  for (
    const [found, exitCode] of [
      [[seenByHost], 5],
      [[seenByManager], 5],
      [[overByHost], 4],
      [[overByManager], 4],
      [[overByHost, seenByManager], 5],
      [[overByManager, seenByHost], 5],
    ] as const
  ) {
    const parts = await judged();
    for (const find of found) find(parts);
    await assert.rejects(parts.judge.requireInnocence(), { exitCode });
    await parts.judge.close();
  }
});

Deno.test("a build does not pass if the manager cannot be asked", async () => {
  const parts = await judged();
  const { judge, manager } = parts;
  await manager.disconnect();
  await assert.rejects(judge.requireInnocence(), { code: "channel-closed" });
  assert.equal((await judge.violations()).network.total, 0);
  seenByHost(parts);
  assert.equal((await judge.violations()).network.total, 1);
  await judge.close();
});

Deno.test("what the host finds ends the build at once", async () => {
  for (const find of [seenByHost, overByHost]) {
    const parts = await judged();
    const { signal } = parts.judge;
    assert.ok(!signal.aborted);
    find(parts);
    assert.ok(signal.aborted);
    await parts.judge.close();
  }
});

Deno.test("the user's interruption ends the build", async () => {
  const { judge, interruption } = await judged();
  const { signal } = judge;
  interruption.abort();
  assert.ok(signal.aborted);
  await judge.close();
});

Deno.test("what a build reached is learnt by phase, each once", async () => {
  const { judge, egress, enter } = await judged();
  const rule = { host: "a.example", port: 443, protocol: "https" } as const;
  egress.findings.addLearned(rule);
  enter("build");
  for (let times = 0; times < 2; times++) {
    // As it is when the rules change.
    egress.findings.forgetLearned();
    egress.findings.addLearned(rule);
  }
  assert.ok(!judge.signal.aborted);
  assert.deepEqual(judge.learned, { prepare: [rule], build: [rule] });
  await judge.close();
});

Deno.test("the manager is asked while the build runs, and its verdict ends it", async () => {
  const parts = await judged();
  const { judge, beat } = parts;
  await beat();
  judge.open();
  await beat();
  assert.ok(!judge.signal.aborted);
  seenByManager(parts);
  assert.ok(!judge.signal.aborted);
  await beat();
  assert.ok(judge.signal.aborted);
  await judge.close();
});

Deno.test("a manager that does not answer a heartbeat is asked again", async () => {
  const parts = await judged();
  const { judge, manager, beat } = parts;
  judge.open();
  manager.nonsense = { answer: "yes" };
  await beat();
  assert.ok(!judge.signal.aborted);
  seenByManager(parts);
  await beat();
  assert.ok(judge.signal.aborted);
  await judge.close();
});

Deno.test("a closed judge watches and asks no more", async () => {
  const parts = await judged();
  const { judge, egress, clock } = parts;
  judge.open();
  await judge.close();
  assert.deepEqual([egress.watches, clock.pauses], [0, 0]);
  seenByHost(parts);
  assert.ok(!judge.signal.aborted);
});
