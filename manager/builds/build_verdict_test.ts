import assert from "node:assert/strict";
import type { SeenAttempt } from "./attempts.ts";
import { BuildVerdict } from "./build_verdict.ts";

const limits = { wallSeconds: 60, logBytes: 10 };

const attempt: SeenAttempt = {
  protocol: "icmp",
  refusal: "packet-not-allowed",
  host: null,
  address: "192.0.2.1",
  port: null,
  content: null,
  claimed: null,
};

Deno.test("an exceeded limit condemns the build at once, and once", () => {
  let condemned = 0;
  const verdict = new BuildVerdict(limits, () => condemned++);
  assert.ok(!verdict.found);
  verdict.budget.takeLog(11);
  verdict.budget.takeLog(11);
  verdict.attempts.add(attempt);
  assert.equal(condemned, 1);
  assert.ok(verdict.found);
  assert.equal(verdict.read().limit?.limit, "log");
});

Deno.test("an attempt condemns the build after a moment for more", async () => {
  const condemned = Promise.withResolvers<void>();
  const verdict = new BuildVerdict(limits, condemned.resolve);
  verdict.attempts.add(attempt);
  assert.ok(verdict.found);
  verdict.attempts.add({ ...attempt, address: "192.0.2.2" });
  await condemned.promise;
  assert.equal(verdict.read().attempts.records.length, 2);
});

Deno.test("a build that is over is not condemned any more", async () => {
  const verdict = new BuildVerdict(limits, () => assert.fail("condemned"));
  verdict.attempts.add(attempt);
  verdict.close();
  verdict.attempts.add(attempt);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(verdict.read().attempts.total, 2);
});
