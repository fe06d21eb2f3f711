import assert from "node:assert/strict";
import type { Finding } from "../egress/findings.ts";
import type { Verdict } from "../rpc/verdict.ts";
import type { Phase } from "./events.ts";
import { Judge } from "./judge.ts";
import type { Agent } from "./ports.ts";
import { FakeClock, FakeEgress } from "./testing/fake_host.ts";
import { FakeManager } from "./testing/fake_manager.ts";

const innocent: Verdict = {
  attempts: { total: 0, records: [] },
  limit: null,
};

const guilty: Verdict = { ...innocent, attempts: { total: 1, records: [] } };

const overLimit: Verdict = {
  ...innocent,
  limit: { limit: "bandwidth.total", allowed: 1, measured: 2 },
};

/** A judge over a host and a manager with these verdicts. */
function judgeOver(host: Verdict, manager: () => Verdict) {
  let tell: (finding: Finding) => void = () => {};
  const clock = new FakeClock();
  const egress = new FakeEgress();
  egress.verdict = () => Promise.resolve(host);
  egress.watch = (onFinding, signal) => {
    tell = onFinding;
    return new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve())
    );
  };
  const agent = new FakeManager();
  agent.call = (() => Promise.resolve().then(manager)) as Agent["call"];
  let phase: Phase = "prepare";
  const interruption = new AbortController();
  const judge = new Judge(
    "b1",
    { agent, egress, clock },
    interruption.signal,
    () => phase,
  );
  return {
    judge,
    clock,
    interruption,
    tell: (finding: Finding) => tell(finding),
    enter: (next: Phase) => phase = next,
  };
}

Deno.test("a build passes if neither manager nor host found anything", async () => {
  const { judge } = judgeOver(innocent, () => innocent);
  await judge.requireInnocence();
  await judge.close();
});

Deno.test("a build does not pass if either found something", async () => {
  for (
    const [host, manager, exitCode] of [
      [guilty, innocent, 5],
      [innocent, guilty, 5],
      [overLimit, innocent, 4],
      [innocent, overLimit, 4],
      [overLimit, guilty, 5],
    ] as const
  ) {
    const { judge } = judgeOver(host, () => manager);
    await assert.rejects(judge.requireInnocence(), { exitCode });
    await judge.close();
  }
});

Deno.test("a build does not pass if the manager cannot be asked", async () => {
  const { judge } = judgeOver(innocent, () => {
    throw new Error("gone");
  });
  await assert.rejects(judge.requireInnocence(), { message: "gone" });
  assert.equal((await judge.violations()).network.total, 0);
  await judge.close();
});

Deno.test("what the host finds ends the build at once", async () => {
  const { judge, tell } = judgeOver(innocent, () => innocent);
  const { signal } = judge;
  assert.ok(!signal.aborted);
  tell({ type: "limit", record: overLimit.limit! });
  assert.ok(signal.aborted);
  await judge.close();
});

Deno.test("the user's interruption ends the build", async () => {
  const { judge, interruption } = judgeOver(innocent, () => innocent);
  const { signal } = judge;
  interruption.abort();
  assert.ok(signal.aborted);
  await judge.close();
});

Deno.test("what a build reached is learnt by phase, each once", async () => {
  const { judge, tell, enter } = judgeOver(innocent, () => innocent);
  const rule = { host: "a.example", port: 443, protocol: "https" } as const;
  tell({ type: "learned", ...rule });
  enter("build");
  tell({ type: "learned", ...rule });
  tell({ type: "learned", ...rule });
  assert.ok(!judge.signal.aborted);
  assert.deepEqual(judge.learned, { prepare: [rule], build: [rule] });
  await judge.close();
});

Deno.test("the manager is asked while the build runs, and its verdict ends it", async () => {
  let asked = 0;
  const { judge, clock } = judgeOver(
    innocent,
    () => ++asked < 2 ? innocent : guilty,
  );
  const ended = new Promise((resolve) =>
    judge.signal.addEventListener("abort", resolve)
  );
  judge.open();
  clock.advance(2_000);
  while (asked < 1 || clock.pauses === 0) await Promise.resolve();
  clock.advance(2_000);
  await ended;
  assert.equal(asked, 2);
  await judge.close();
});
