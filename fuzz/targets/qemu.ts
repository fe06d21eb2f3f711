/**
 * What a manager's QEMU says: lines of a bounded length, any chunks alike, and
 * messages that do nothing to a terminal.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { LineBuffer } from "../../src/host/manager_vm/line_buffer.ts";
import { qemuMessage } from "../../src/host/manager_vm/qemu_message.ts";
import { anyText, chunksOf, outcomeOf, type Target } from "../target.ts";

const LINE_BYTES = 200;

function linesOf(chunks: Iterable<Uint8Array>) {
  const buffer = new LineBuffer(LINE_BYTES);
  const lines: string[] = [];
  const outcome = outcomeOf(() => {
    for (const chunk of chunks) lines.push(...buffer.push(chunk));
  }, RangeError);
  return { lines, outcome };
}

export default {
  tokens: ["\n", "\r\n", '{"return":', '"id":1}', "\x1b[2J", "\xe2\x80\xa8"],
  structured: fc.array(anyText, { maxLength: 6 })
    .map((lines) => new TextEncoder().encode(lines.join("\n"))),
  maxBytes: 4096,
  check(input) {
    const whole = linesOf([input]);
    const cut = linesOf(chunksOf(input));
    assert.deepEqual(cut.outcome, whole.outcome);
    if ("value" in whole.outcome) assert.deepEqual(cut.lines, whole.lines);
    for (const line of cut.lines) {
      assert.ok(line.length <= LINE_BYTES);
      assert.doesNotMatch(qemuMessage(line), /\p{C}|\p{Zl}|\p{Zp}/u);
    }
  },
} satisfies Target;
