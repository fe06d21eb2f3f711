/**
 * Text of a guest: any chunks are shown alike, and nothing is shown that acts
 * on a terminal but colours.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createLogSanitizer,
  quoteUntrusted,
  sanitizeText,
  stripColour,
} from "../../src/guest/session/log_sanitizer.ts";
import { anyText, chunksOf, type Target } from "../target.ts";
import { findUnseen } from "../unseen.ts";

// Deliberately not the sanitizer's own set.
// deno-lint-ignore no-control-regex
const colour = /\x1b\[[0-9;]{0,48}m/g;

const MAX_QUOTED = 200;

const piece = fc.oneof(
  anyText,
  fc.constantFrom(
    ...["\x1b[31m", "\x1b[0m", "\x1b[8m", "\x1b[38;5;8m", "\x1b[2J", "\x1b"],
    ...["\x1b]0;title\x07", "\x9b1A", "\r", "\r\n", "\n", "\b", "\u202e"],
    ...["\u200b", "\u3164", "\u2800", "\ufe0f", "\u{1f3f4}\u{e0067}"],
    ...["\x1b[38;2;8;8;8m", "\x1b[;8m", "\x1b[1;08m", "x".repeat(3000)],
  ),
);

function sanitize(chunks: Iterable<Uint8Array>): string {
  const sanitizer = createLogSanitizer();
  let text = "";
  for (const chunk of chunks) text += sanitizer.push(chunk);
  return text + sanitizer.end();
}

/** Whether a colour sequence conceals what follows, as ECMA-48's 8 does. */
function conceals(sequence: string): boolean {
  const codes = sequence.slice(2, -1).split(";").map(Number);
  while (codes.length > 0) {
    const code = codes.shift()!;
    if (code === 8) return true;
    // The number of a colour may be an 8: of 256, or of red, green and blue.
    if (![38, 48, 58].includes(code)) continue;
    if (codes[0] === 5) codes.splice(0, 2);
    else if (codes[0] === 2) codes.splice(0, 4);
  }
  return false;
}

function requireHarmless(text: string): void {
  assert.equal(findUnseen(text.replaceAll(colour, "")), undefined);
}

export default {
  tokens: [
    ...["\x1b[", "\x1b[31m", "\x1b[8m", "\x1b]8;;", "\x9b", "\r", "\n", ";8m"],
    ...["\xe2\x80\xae", "\xf3\xa0\x80\x81", "\xef\xbb\xbf", "\xed\xa0\x80"],
    ...["\xc2\x9b", "\xf0\x9f", "\xe2\x80"],
  ],
  structured: fc.array(piece, { maxLength: 12 })
    .map((pieces) => new TextEncoder().encode(pieces.join(""))),
  maxBytes: 40 * 1024,
  check(input) {
    const shown = sanitize([input]);
    assert.ok(sanitize(chunksOf(input)) === shown, "Chunks are shown unlike");
    assert.ok(shown === "" || shown.endsWith("\n"));
    requireHarmless(shown);
    requireHarmless(stripColour(shown));
    assert.ok(!shown.match(colour)?.some(conceals), "It conceals text");
    const text = new TextDecoder().decode(input);
    const quoted = quoteUntrusted(text);
    assert.ok(!quoted.includes("\n") && !quoted.includes("\x1b"));
    requireHarmless(quoted);
    const cut = sanitizeText(text, MAX_QUOTED);
    assert.ok(cut.length <= MAX_QUOTED && !cut.includes("\x1b"));
    requireHarmless(cut);
  },
} satisfies Target;
