import assert from "node:assert/strict";
import { MAX_ATTEMPT_RECORDS, verdictSchema } from "../shared/rpc/verdict.ts";
import {
  type Finding,
  Findings,
  MAX_LEARNED,
  type SeenAttempt,
} from "./findings.ts";

const seen: SeenAttempt = {
  refusal: "address-refused",
  protocol: "https",
  host: "a.example",
  address: "10.0.0.1",
  port: 443,
  content: null,
  claimed: null,
};
const limit = { limit: "bandwidth.total", allowed: 1, measured: 2 } as const;
const learned = { host: "b.example", port: 80, protocol: "http" } as const;

/** What a watcher is told, as text. */
function recorder() {
  const told: string[] = [];
  const watcher = (finding: Finding) => {
    told.push(
      finding.type === "attempt"
        ? `attempt ${finding.attempt.host} ${finding.attempt.count}`
        : finding.type === "limit"
        ? `limit ${finding.record.measured}`
        : `learned ${finding.host}:${finding.port} ${finding.protocol}`,
    );
  };
  return { told, watcher };
}

Deno.test("the same attempt is told once and counted", async () => {
  const findings = new Findings();
  const { told, watcher } = recorder();
  const abort = new AbortController();
  const watching = findings.watch(watcher, abort.signal);
  findings.addAttempt(seen);
  findings.addAttempt({ ...seen, address: "10.0.0.2" });
  findings.addAttempt({ ...seen, port: 80 });
  assert.deepEqual(told, ["attempt a.example 1", "attempt a.example 1"]);
  const { attempts } = verdictSchema.parse(findings.read());
  assert.equal(attempts.total, 3);
  assert.deepEqual(
    attempts.records.map(({ count, address }) => [count, address]),
    [[2, "10.0.0.1"], [1, "10.0.0.1"]],
  );
  abort.abort();
  await watching;
});

Deno.test("attempts beyond the bound are counted, without a record", async () => {
  const findings = new Findings();
  const { told, watcher } = recorder();
  for (let n = 0; n < MAX_ATTEMPT_RECORDS + 5; n++) {
    findings.addAttempt({ ...seen, host: `h${n}.example` });
  }
  findings.addAttempt({ ...seen, host: "h0.example" });
  const { attempts } = verdictSchema.parse(findings.read());
  assert.equal(attempts.total, MAX_ATTEMPT_RECORDS + 6);
  assert.equal(attempts.records.length, MAX_ATTEMPT_RECORDS);
  assert.equal(attempts.records[0]?.count, 2);
  await findings.watch(watcher, AbortSignal.abort());
  assert.equal(told.length, MAX_ATTEMPT_RECORDS);
});

Deno.test("a watcher is told what was found before, and nothing after", async () => {
  const findings = new Findings();
  findings.addLimit(limit);
  findings.addLimit({ ...limit, measured: 3 });
  findings.addAttempt(seen);
  const { told, watcher } = recorder();
  const abort = new AbortController();
  const watching = findings.watch(watcher, abort.signal);
  findings.addLearned(learned);
  abort.abort();
  await watching;
  findings.addAttempt({ ...seen, port: 1 });
  assert.deepEqual(told, [
    "attempt a.example 1",
    "limit 2",
    "learned b.example:80 http",
  ]);
  assert.deepEqual(findings.read().limit, limit);
});

Deno.test("a destination is learned once, and not without bound", async () => {
  const findings = new Findings();
  const { told, watcher } = recorder();
  const abort = new AbortController();
  const watching = findings.watch(watcher, abort.signal);
  for (let port = 1; port <= MAX_LEARNED; port++) {
    assert.ok(findings.addLearned({ ...learned, port }));
    assert.ok(findings.addLearned({ ...learned, port }));
  }
  assert.equal(told.length, MAX_LEARNED);
  assert.equal(findings.addLearned({ ...learned, port: 65_000 }), false);
  assert.equal(findings.addLearned({ ...learned, port: 1 }), true);
  assert.equal(told.length, MAX_LEARNED);
  findings.forgetLearned();
  assert.equal(findings.addLearned({ ...learned, port: 1 }), true);
  assert.equal(told.length, MAX_LEARNED + 1);
  abort.abort();
  await watching;
});
