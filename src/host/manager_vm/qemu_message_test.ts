import assert from "node:assert/strict";
import fc from "fast-check";
import { qemuMessage } from "./qemu_message.ts";

Deno.test("QEMU's words cannot reach the terminal's controls", () => {
  assert.equal(
    qemuMessage("qemu: \x1b[2Jbad\n  disk\u202e\n"),
    "qemu: \\x1b[2Jbad disk\\u202e",
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(qemuMessage(text), /[\p{Cc}\p{Cf}]/u);
  }));
});

Deno.test("a long message is cut", () => {
  assert.equal(qemuMessage("x".repeat(100_000)).length, 2_002);
});
