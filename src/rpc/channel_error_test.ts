import assert from "node:assert/strict";
import { quoteUntrusted } from "./channel_error.ts";

Deno.test("quoted text holds no control or direction characters", () => {
  assert.equal(
    quoteUntrusted('a"\u001b[2J\u009b\u202e\u2028é'),
    '"a\\"\\u001b[2J\\u{9b}\\u{202e}\\u{2028}é"',
  );
});
