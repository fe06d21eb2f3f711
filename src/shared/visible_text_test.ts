import assert from "node:assert/strict";
import fc from "fast-check";
import {
  escapeHidden,
  escapeHiddenInJson,
  quoteVisibly,
} from "./visible_text.ts";

const hidden: [name: string, text: string, expected: string][] = [
  [
    "control characters",
    "\0\x07\x08\x1b\r\x7f",
    "\\x00\\x07\\x08\\x1b\\x0d\\x7f",
  ],
  ["C1 controls", "\x85\x9b", "\\x85\\x9b"],
  [
    "zero-width characters",
    "a\u200bb\u200cc\u2060d\ufeff",
    "a\\u200bb\\u200cc\\u2060d\\ufeff",
  ],
  ["a soft hyphen", "a\u00adb", "a\\xadb"],
  [
    "what reorders text",
    "\u202ea\u2066\u061c\u200f",
    "\\u202ea\\u2066\\u061c\\u200f",
  ],
  ["separators", "a\u2028b\u2029", "a\\u2028b\\u2029"],
  [
    "Hangul fillers",
    "\u3164\u115f\u1160\uffa0",
    "\\u3164\\u115f\\u1160\\uffa0",
  ],
  ["Khmer and Mongolian blanks", "\u17b4\u180e\u180b", "\\u17b4\\u180e\\u180b"],
  ["blanks", "\u2800\u{1d159}", "\\u2800\\u{1d159}"],
  ["the grapheme joiner", "a\u034f", "a\\u034f"],
  ["tags", "\u{e0001}\u{e0041}\u{e007f}", "\\u{e0001}\\u{e0041}\\u{e007f}"],
  [
    "variation selectors",
    "a\ufe00b\ufe0f\u{e0100}",
    "a\\ufe00b\\ufe0f\\u{e0100}",
  ],
  ["lone surrogates", "\ud800a\udc00", "\\ud800a\\udc00"],
  [
    "private and unassigned characters",
    "\ue000\u0378\uffff",
    "\\ue000\\u0378\\uffff",
  ],
  ["joiners between no emoji", "a\u200db", "a\\u200db"],
  [
    "a selector after an emoji that it does not belong to",
    "🎉\ufe0f",
    "🎉\\ufe0f",
  ],
  [
    "more than four marks",
    "e" + "\u0301".repeat(6),
    "e\u0301\u0301\u0301\u0301\\u0301\\u0301",
  ],
  ["marks that stand on nothing", "\u0301a\n\u20dd", "\\u0301a\n\\u20dd"],
  [
    "marks with a joiner between",
    "e\u0301\u034f\u0301",
    "e\u0301\\u034f\u0301",
  ],
];

for (const [name, text, expected] of hidden) {
  Deno.test(`escapeHidden shows ${name}`, () => {
    assert.equal(escapeHidden(text), expected);
  });
}

Deno.test("escapeHidden leaves ordinary text as it is", () => {
  for (
    const text of [
      "tab\t| naïve nai\u0308ve \\x1b\n",
      "日本語　한국어 ไทย हिन्दी עִבְרִית العربية",
      "Việt Vie\u0323\u0302t",
      "🎉 ❤️ ⚠️ ✔️ ℹ️ 1️⃣ 👍🏽 🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩‍👩‍👧 🏳️‍🌈",
      "│ └── ✓ ✗ … █▓░ ⠋⠙⠹ a b",
    ]
  ) {
    assert.equal(escapeHidden(text), text);
    assert.equal(escapeHiddenInJson(text), text);
  }
});

Deno.test("quoteVisibly gives one line of JSON", () => {
  assert.equal(
    quoteVisibly('a"\u001b[2J\u009b\u202e\u2028\u{e0041}é\n'),
    '"a\\"\\u001b[2J\\u009b\\u202e\\u2028\\udb40\\udc41é\\n"',
  );
});

const text = fc.array(
  fc.oneof(
    fc.constantFrom(...hidden.map(([, text]) => text)),
    fc.constantFrom("a", " ", "\n", "\t", "🎉", "👩‍👩‍👧", "❤️", "\u0301", "\u200d"),
    fc.string({ unit: "binary" }),
  ),
  { maxLength: 12 },
).map((parts) => parts.join(""));

Deno.test("nothing that cannot be seen is left but in an emoji's sequence", () => {
  fc.assert(fc.property(text, (text) => {
    const shown = escapeHidden(text).replace(/\p{RGI_Emoji}/gv, "");
    assert.doesNotMatch(shown, /(?![\t\n])[\p{C}\p{Zl}\p{Zp}]/u);
    assert.doesNotMatch(shown, /\p{Default_Ignorable_Code_Point}/u);
    assert.doesNotMatch(escapeHidden(text), /(?:^|[\n\t])[\p{Mn}\p{Me}]/u);
    assert.doesNotMatch(shown, /[\p{Mn}\p{Me}]{5}/u);
  }));
});

Deno.test("escapeHidden changes nothing twice", () => {
  fc.assert(fc.property(text, (text) => {
    const shown = escapeHidden(text);
    assert.equal(escapeHidden(shown), shown);
  }));
});

Deno.test("JSON means the same after it was made visible", () => {
  fc.assert(fc.property(text, (text) => {
    const json = JSON.stringify({ [text]: text });
    assert.deepEqual(JSON.parse(escapeHiddenInJson(json)), JSON.parse(json));
    assert.equal(JSON.parse(quoteVisibly(text)), text);
  }));
});
