import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createLogSanitizer,
  MAX_LINE_CHARS,
  stripColour,
} from "./log_sanitizer.ts";

const encoder = new TextEncoder();

/** What becomes of the chunks, all told. */
function sanitize(...chunks: (string | Uint8Array)[]): string {
  const sanitizer = createLogSanitizer();
  const pushed = chunks.map((chunk) =>
    sanitizer.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk)
  );
  return pushed.join("") + sanitizer.end();
}

Deno.test("createLogSanitizer gives complete lines only", () => {
  const sanitizer = createLogSanitizer();
  assert.equal(sanitizer.push(encoder.encode("one\ntw")), "one\n");
  assert.equal(sanitizer.push(encoder.encode("o\nthree")), "two\n");
  assert.equal(sanitizer.end(), "three\n");
  assert.equal(sanitizer.end(), "");
});

Deno.test("createLogSanitizer makes carriage returns line breaks", () => {
  assert.equal(sanitize("10%\r20%\r\n"), "10%\n20%\n");
  assert.equal(sanitize("a\r\r\nb\r", "\nc"), "a\nb\nc\n");
  assert.equal(sanitize("\n\n\r\n"), "\n\n\n");
});

Deno.test("createLogSanitizer replaces invalid UTF-8", () => {
  const broken = new Uint8Array([0x61, 0xff, 0xc3, 0x0a, 0xe2, 0x82]);
  assert.equal(sanitize(broken), "a\ufffd\ufffd\n\ufffd\n");
});

Deno.test("createLogSanitizer puts split characters together", () => {
  const euro = encoder.encode("€");
  assert.equal(sanitize(euro.subarray(0, 2), euro.subarray(2)), "€\n");
});

Deno.test("createLogSanitizer ends a colour with its line", () => {
  assert.equal(
    sanitize("\x1b[3", "1mred\nplain\x1b[2K\n"),
    "\x1b[31mred\x1b[0m\nplain\\x1b[2K\n",
  );
});

Deno.test("createLogSanitizer breaks long lines", () => {
  const line = "x".repeat(MAX_LINE_CHARS);
  assert.equal(sanitize(`${line}\n`), `${line}\n`);
  assert.equal(sanitize(`${line}y\n`), `${line}\ny\n`);
  assert.equal(sanitize(line, line, line), `${line}\n`.repeat(3));
});

Deno.test("createLogSanitizer breaks no colour and no surrogate pair", () => {
  const almost = "x".repeat(MAX_LINE_CHARS - 1);
  assert.equal(
    sanitize(`${almost}\x1b[31mred\n`),
    `${almost}\n\x1b[31mred\x1b[0m\n`,
  );
  assert.equal(sanitize(`${almost}🎉!\n`), `${almost}\n🎉!\n`);
});

Deno.test("createLogSanitizer holds little of an endless line", () => {
  const sanitizer = createLogSanitizer();
  const chunk = encoder.encode("\r".repeat(100_000));
  for (let i = 0; i < 200; i++) assert.equal(sanitizer.push(chunk), "");
  assert.equal(sanitizer.end(), "\n");
});

/** Bytes around the limits: long runs, controls, cut characters. */
const logBytes = fc.array(
  fc.oneof(
    fc.constantFrom("\r", "\n", "\r\n", "\x1b[31m", "\x1b[", "\x1b[2J", "🎉")
      .map((text) => encoder.encode(text)),
    fc.integer({ min: MAX_LINE_CHARS - 60, max: MAX_LINE_CHARS + 60 })
      .map((length) => encoder.encode("x".repeat(length))),
    fc.uint8Array({ maxLength: 8 }),
  ),
  { maxLength: 12 },
).map((parts) => new Uint8Array(parts.flatMap((part) => [...part])));

Deno.test("createLogSanitizer does not depend on how the log is cut", () => {
  const cuts = fc.array(fc.nat(50_000), { maxLength: 8 });
  fc.assert(fc.property(logBytes, cuts, (bytes, positions) => {
    const chunks: Uint8Array[] = [];
    let start = 0;
    for (const position of positions.sort((a, b) => a - b)) {
      const end = Math.min(position, bytes.length);
      chunks.push(bytes.subarray(start, end));
      start = end;
    }
    chunks.push(bytes.subarray(start));
    assert.equal(sanitize(...chunks), sanitize(bytes));
  }));
});

Deno.test("createLogSanitizer does not depend on single bytes arriving", () => {
  const text = "a\r\r\n\x1b[1;32m€🎉\x1b[m\x1b]0;x\x07\rb\xff";
  const bytes = encoder.encode(text);
  assert.equal(
    sanitize(...Array.from(bytes, (byte) => Uint8Array.of(byte))),
    sanitize(bytes),
  );
});

Deno.test("createLogSanitizer gives bounded lines without controls", () => {
  fc.assert(fc.property(logBytes, (bytes) => {
    const output = sanitize(bytes);
    assert.ok(output === "" || output.endsWith("\n"));
    const plain = stripColour(output);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(plain, /[\0-\x08\x0b-\x1f\x7f-\x9f]/);
    // The longest form of a character is nine characters: `\u{e0041}`.
    const longest = Math.max(...plain.split("\n").map((l) => l.length));
    assert.ok(longest <= 9 * MAX_LINE_CHARS);
  }));
});
