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
