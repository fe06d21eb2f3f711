import assert from "node:assert/strict";
import fc from "fast-check";
import {
  makeVisible,
  quoteUntrusted,
  sanitizeText,
  stripColour,
} from "./terminal_text.ts";

const visible: [name: string, text: string, expected: string][] = [
  ["clear screen", "a\x1b[2Jb", "a\\x1b[2Jb"],
  ["cursor movement", "\x1b[10A", "\\x1b[10A"],
  ["a window title", "\x1b]0;title\x07", "\\x1b]0;title\\x07"],
  ["a hyperlink", "\x1b]8;;x:\x1b\\", "\\x1b]8;;x:\\x1b\\"],
  ["a device query", "\x1b[6n\x1bc", "\\x1b[6n\\x1bc"],
  ["a C1 control", "\x9b2J\x85", "\\x9b2J\\x85"],
  ["bell, backspace, delete", "\x07\x08\x7f\0", "\\x07\\x08\\x7f\\x00"],
  ["bidirectional overrides", "a\u202eb\u2066", "a\\u202eb\\u2066"],
  ["tag characters", "\u{e0041}", "\\u{e0041}"],
  ["a lone surrogate", "\ud800", "\\ud800"],
  ["concealed text", "\x1b[8mhidden", "\\x1b[8mhidden"],
  ["a colour with a subparameter", "\x1b[38:5:1m", "\\x1b[38:5:1m"],
  [
    "an overlong colour",
    `\x1b[${"1;".repeat(40)}m`,
    `\\x1b[${"1;".repeat(40)}m`,
  ],
  ["an unknown style", "\x1b[999m", "\\x1b[999m"],
];

for (const [name, text, expected] of visible) {
  Deno.test(`makeVisible shows ${name}`, () => {
    assert.equal(makeVisible(text), expected);
  });
}

Deno.test("makeVisible keeps printable text, tabs and line feeds", () => {
  const text = "tab\t| naïve 日本語 🎉 👩‍👩‍👧 \\x1b\n";
  assert.equal(makeVisible(text), text);
});

Deno.test("makeVisible keeps colours and closes what is open", () => {
  assert.equal(makeVisible("\x1b[1;31mred"), "\x1b[1;31mred\x1b[0m");
  assert.equal(makeVisible("\x1b[31mred\x1b[0m."), "\x1b[31mred\x1b[0m.");
  assert.equal(makeVisible("\x1b[32mok\x1b[m"), "\x1b[32mok\x1b[0m");
  assert.equal(makeVisible("\x1b[38;5;9mx\x1b[m"), "\x1b[91mx\x1b[0m");
  assert.equal(makeVisible("\x1b[4;96;0;1mx"), "\x1b[0;1mx\x1b[0m");
});

const backgrounds: [name: string, sequence: string, kept: string][] = [
  ["the foreground's colour", "31;41", "\x1b[31m"],
  ["the foreground's, bright", "92;102", "\x1b[92m"],
  ["the foreground's, of 256", "38;5;208;48;5;208", "\x1b[39m"],
  ["the foreground's, of all", "38;2;1;2;3;48;2;1;2;3", "\x1b[39m"],
  ["black, perhaps the terminal's", "30", "\x1b[39m"],
  ["white, perhaps the terminal's", "1;97", "\x1b[1;39m"],
  ["grey, perhaps the terminal's", "90", "\x1b[39m"],
  ["any of all, perhaps the terminal's", "38;2;0;0;0", "\x1b[39m"],
  ["an incomplete one", "38;5", "\x1b[39m"],
];

for (const [name, sequence, kept] of backgrounds) {
  Deno.test(`makeVisible lets no letters have a background of ${name}`, () => {
    assert.equal(makeVisible(`\x1b[${sequence}ma`), `${kept}a\x1b[0m`);
  });
}

Deno.test("makeVisible drops what is a background alone", () => {
  assert.equal(makeVisible("a\x1b[41;5mb\x1b[49m"), "ab");
});

Deno.test("makeVisible stacks no marks by colours between them", () => {
  const stack = "\u0301".repeat(4);
  assert.equal(
    makeVisible(`e${stack}\x1b[41m\u0301\x1b[31m\u0301`),
    `e${stack}\\u0301\x1b[31m\\u0301\x1b[0m`,
  );
});

/** Text that is rich in what matters here. */
const nastyText = fc.array(
  fc.oneof(
    fc.constantFrom(
      "\x1b",
      "\x1b[",
      "\x1b[31m",
      "\x1b[0m",
      "m",
      ";",
      "8",
      "\r",
    ),
    fc.constantFrom("\x9b", "\u202e", "\ud800", "\udc00", "\n", "\x07", "J"),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.array(fc.nat(110), { maxLength: 20 })
      .map((codes) => `\x1b[${codes.join(";")}m`),
  ),
  { maxLength: 30 },
).map((parts) => parts.join(""));

Deno.test("makeVisible leaves no control but closed colours", () => {
  fc.assert(fc.property(nastyText, (text) => {
    const safe = makeVisible(text);
    const plain = stripColour(safe);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(plain, /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    assert.ok(plain.isWellFormed());
    // deno-lint-ignore no-control-regex
    for (const [, codes] of safe.matchAll(/\x1b\[([0-9;]*)m/g)) {
      assert.doesNotMatch(
        codes!,
        /(?:^|;)(?:8|3[078]|4[0-8]|9[07]|10\d)(?:;|$)/,
      );
    }
    const lastColour = safe.split("\x1b").slice(1).at(-1) ?? "[0m";
    assert.match(lastColour, /^\[[0;]*m/);
  }));
});

Deno.test("makeVisible changes nothing the second time", () => {
  fc.assert(fc.property(nastyText, (text) => {
    const safe = makeVisible(text);
    assert.equal(makeVisible(safe), safe);
  }));
});

Deno.test("sanitizeText has no escapes at all and keeps to its length", () => {
  fc.assert(fc.property(nastyText, fc.integer({ min: 1, max: 60 }), (t, n) => {
    const safe = sanitizeText(t, n);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(safe, /[\0-\x08\x0b-\x1f\x7f-\x9f]/);
    assert.ok(safe.length <= n);
    assert.ok(safe.isWellFormed());
  }));
});

Deno.test("sanitizeText drops colours, also nested ones, and marks a cut", () => {
  assert.equal(sanitizeText("\x1b[31mred\x1b[0m\r\nnext", 100), "red\nnext");
  assert.equal(sanitizeText("\x1b[\x1b[1m2J", 100), "\\x1b[2J");
  assert.equal(sanitizeText("abcdef", 6), "abcdef");
  assert.equal(sanitizeText("abcdefg", 6), "abcde…");
});

Deno.test("quoteUntrusted stays on one line", () => {
  assert.equal(quoteUntrusted("a\nb"), '"a\\x0ab"');
});
