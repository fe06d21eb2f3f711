import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { stripColour } from "../guest/terminal_text.ts";
import { escapeLine, foreignLines, ownLine, toRows } from "./rows.ts";

const gutter = { first: "| ", next: "| " };
const screen = (columns?: number, colour = false) => ({
  colour,
  columns: () => columns,
});

Deno.test("toRows puts a prefix before a line, and before no more in a pipe", () => {
  equal(toRows("x".repeat(300), gutter, undefined), `| ${"x".repeat(300)}\n`);
  equal(toRows("", gutter, undefined), "|\n");
});

Deno.test("toRows breaks a line before a terminal does", () => {
  equal(toRows("0123456789abc", gutter, 12), "| 0123456789\n| abc\n");
  equal(toRows("0123456789", gutter, 12), "| 0123456789\n");
  equal(toRows("日本語日本語日", gutter, 12), "| 日本語日本\n| 語日\n");
  equal(toRows("a\tb", gutter, 20), "| a       b\n");
  equal(toRows("abcdefg\tb", gutter, 12), "| abcdefg b\n");
});

Deno.test("toRows counts no colour, and ends it with its row", () => {
  equal(
    toRows("\x1b[31m0123456789abc\x1b[0m", gutter, 12),
    "| \x1b[31m0123456789\x1b[0m\n| abc\x1b[0m\n",
  );
});

Deno.test("toRows parts no mark from its letter, and no emoji", () => {
  const letter = "e\u0301";
  equal(
    toRows(letter.repeat(5), gutter, 14),
    `| ${letter.repeat(4)}\n| ${letter}\n`,
  );
  // A terminal may show the members of a family side by side.
  equal(toRows("aaaaaa👩‍👩‍👧b", gutter, 12), "| aaaaaa\n| 👩‍👩‍👧\n| b\n");
});

Deno.test("ownLine marks what did not fit", () => {
  equal(ownLine("error:0123456789", 15), "error:0123\n  … 456789\n");
  equal(ownLine("error: it is so", 15), "error: it\n  … is so\n");
  equal(ownLine("error: it is so", undefined), "error: it is so\n");
});

Deno.test("escapeLine leaves one line", () => {
  equal(escapeLine("a\nb\x1b[2J"), "a\\u000ab\\u001b[2J");
});

Deno.test("foreignLines gives each line its gutter, colours only where they are welcome", () => {
  equal(foreignLines("", screen()), "");
  equal(foreignLines("a\n\n", screen()), "| a\n|\n");
  equal(foreignLines("a\rb", screen()), "| a\\x0db\n");
  equal(foreignLines("\x1b[31mred", screen()), "| red\n");
  equal(
    foreignLines("\x1b[31mred\n", screen(80, true)),
    "\x1b[2m| \x1b[22m\x1b[31mred\x1b[0m\n",
  );
});

/** Columns that a terminal may give a row: two for all but ASCII. */
const columnsOf = (row: string) =>
  Array.from(row).reduce((sum, c) => sum + (c <= "\x7f" ? 1 : 2), 0);

Deno.test("no row of others begins without a gutter, or is too wide", () => {
  const word = fc.oneof(
    fc.constantFrom("error: ", "\t", "\n", "\r", "\x1b[31m", "\x1b[0m", "日本"),
    fc.constantFrom("👩‍👩‍👧", "e\u0301", "\u0301", "\u200b", "x".repeat(30)),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  fc.assert(fc.property(
    fc.array(word, { maxLength: 20 }),
    fc.integer({ min: 40, max: 100 }),
    fc.boolean(),
    (words, columns, colour) => {
      const shown = stripColour(
        foreignLines(words.join(""), screen(columns, colour)),
      );
      const rows = shown.split("\n");
      deepEqual(rows.pop(), "");
      for (const row of rows) {
        ok(row === "|" || row.startsWith("| "), row);
        ok(columnsOf(row) <= columns, row);
        ok(!row.includes("\t"), row);
      }
    },
  ));
});

Deno.test("a line of Contractor's own keeps its words, on rows that fit", () => {
  const word = fc.oneof(
    fc.stringMatching(/^[a-z"]{1,30}$/),
    fc.constantFrom("日本語", "x".repeat(100), "👩‍👩‍👧"),
  );
  fc.assert(fc.property(
    fc.array(word, { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 20, max: 100 }),
    (words, columns) => {
      const rows = ownLine(words.join(" "), columns).split("\n").slice(0, -1);
      for (const row of rows) ok(columnsOf(row) <= columns, row);
      for (const row of rows.slice(1)) ok(row.startsWith("  … "), row);
      const letters = rows.map((row, i) => i === 0 ? row : row.slice(4));
      equal(letters.join("").replaceAll(" ", ""), words.join(""));
    },
  ));
});
