import assert from "node:assert/strict";
import { orAborted, withTimeout } from "./waiting.ts";

Deno.test("withTimeout() tells whether a promise resolved in time", async () => {
  assert.equal(await withTimeout(Promise.resolve(), 60), true);
  assert.equal(await withTimeout(new Promise(() => {}), 0.001), false);
  await assert.rejects(withTimeout(Promise.reject(new Error("no")), 60), /no/);
});

Deno.test("orAborted() gives what comes first", async () => {
  const stop = new AbortController();
  assert.equal(await orAborted(Promise.resolve(1), stop.signal), 1);
  const waiting = orAborted(new Promise(() => {}), stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
});

Deno.test("a promise that nobody waits for any more may fail", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  const late = Promise.withResolvers<void>();
  await assert.rejects(orAborted(late.promise, signal), /stopped/);
  // Unhandled, it would end this test, and the agent.
  late.reject(new Error("late"));
  await new Promise((resolve) => setTimeout(resolve, 0));
});
