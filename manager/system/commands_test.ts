import assert from "node:assert/strict";
import { CommandError, runCommand } from "./commands.ts";

Deno.test("a program that says more than it may is killed", async () => {
  assert.equal(
    await runCommand("echo", ["abc"], { maxOutputBytes: 4 }),
    "abc\n",
  );
  await assert.rejects(
    runCommand("yes", [], { maxOutputBytes: 100_000 }),
    CommandError,
  );
});

Deno.test("a program that is killed fails for what it was killed for", async () => {
  const stop = new AbortController();
  const stopped = runCommand("sleep", ["60"], { signal: stop.signal });
  const reason = new Error("nobody wants it");
  stop.abort(reason);
  await assert.rejects(stopped, reason);
  await assert.rejects(
    runCommand("sleep", ["60"], { timeoutSeconds: 0.01 }),
    { name: "CommandError", stderr: "It took more than 0.01 s\n" },
  );
});
