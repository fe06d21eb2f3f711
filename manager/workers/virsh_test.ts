import assert from "node:assert/strict";
import { commandLine } from "./virsh.ts";

Deno.test("commandLine() quotes what virsh's parser would change", () => {
  assert.equal(
    commandLine(["create", "--paused", "/run/a b.xml"]),
    "'create' '--paused' '/run/a b.xml'",
  );
  assert.equal(commandLine(['{"a":"b"}']), `'{"a":"b"}'`);
});

Deno.test("commandLine() refuses what could become another command", () => {
  for (const bad of ["a'b", "a\nb"]) {
    assert.throws(() => commandLine(["list", bad]), RangeError);
  }
});
