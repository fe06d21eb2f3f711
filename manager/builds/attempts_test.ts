import assert from "node:assert/strict";
import {
  MAX_ATTEMPT_RECORDS,
  verdictSchema,
} from "../../src/shared/rpc/verdict.ts";
import { AttemptLog, type SeenAttempt } from "./attempts.ts";

function attempt(host: string): SeenAttempt {
  return {
    protocol: "dns",
    refusal: "name-not-allowed",
    host,
    address: null,
    port: 53,
    content: "dns",
    claimed: null,
  };
}

Deno.test("AttemptLog keeps each kind once, with its count", () => {
  let told = 0;
  const log = new AttemptLog(() => told++);
  log.add(attempt("a.test"));
  log.add(attempt("b.test"), 3);
  log.add(attempt("a.test"));
  const { total, records } = log.read();
  assert.equal(total, 5);
  assert.equal(told, 3);
  assert.deepEqual(
    records.map(({ host, count }) => [host, count]),
    [["a.test", 2], ["b.test", 3]],
  );
  verdictSchema.parse({ attempts: log.read(), limit: null });
});

Deno.test("AttemptLog keeps the first ones, and counts all", () => {
  const log = new AttemptLog(() => {});
  for (let number = 0; number < 2 * MAX_ATTEMPT_RECORDS; number++) {
    log.add(attempt(`${number}.test`));
  }
  const { total, records } = log.read();
  assert.equal(total, 2 * MAX_ATTEMPT_RECORDS);
  assert.equal(records.length, MAX_ATTEMPT_RECORDS);
  assert.equal(records[0]!.host, "0.test");
});
