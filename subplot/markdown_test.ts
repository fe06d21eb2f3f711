import { deepStrictEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { type Fence, scanMarkdown } from "./markdown.ts";

function onlyFence(text: string): Fence {
  const [block, ...others] = scanMarkdown(text);
  equal(others.length, 0);
  if (block?.kind !== "fence") throw new Error("Not a fence");
  return block;
}

Deno.test("scanMarkdown() finds headings with their levels and lines", () => {
  deepStrictEqual(scanMarkdown("# One\n\ntext # none\n\n### Two words ###\n"), [
    { kind: "heading", line: 1, level: 1, text: "One" },
    { kind: "heading", line: 5, level: 3, text: "Two words" },
  ]);
});

Deno.test("scanMarkdown() reads attributes of tilde and backtick fences", () => {
  for (const marks of ["~~~", "```", "~~~~~"]) {
    const fence = onlyFence(
      `${marks}{#dump.yaml .file .yaml .numberLines}\na: 1\n${marks}\n`,
    );
    equal(fence.id, "dump.yaml");
    deepStrictEqual(fence.classes, ["file", "yaml", "numberLines"]);
    deepStrictEqual(fence.content, ["a: 1"]);
  }
});

Deno.test("scanMarkdown() takes a plain info string's first word as class", () => {
  deepStrictEqual(onlyFence("```scenario now\n```").classes, ["scenario"]);
  deepStrictEqual(onlyFence("```\n```").classes, []);
});

Deno.test("scanMarkdown() keeps what looks like Markdown within a fence", () => {
  const fence = onlyFence("````\n# no heading\n```\n~~~~\n````\n");
  deepStrictEqual(fence.content, ["# no heading", "```", "~~~~"]);
});

Deno.test("scanMarkdown() removes the fence's own indentation only", () => {
  deepStrictEqual(onlyFence("  ```\n    a\n  b\nc\n  ```").content, [
    "  a",
    "b",
    "c",
  ]);
});

Deno.test("scanMarkdown() tells a fence that is never closed", () => {
  equal(onlyFence("```\ntext\n").closed, false);
  equal(onlyFence("```\ntext\n```").closed, true);
});

Deno.test("scanMarkdown() passes over comments and inline code", () => {
  deepStrictEqual(
    scanMarkdown("<!-- # no\n# no\n-->\n```inline``` code\n"),
    [],
  );
});

Deno.test("scanMarkdown() returns any content of a fence unchanged", () => {
  const line = fc.string().filter((text) =>
    !/[\r\n]/.test(text) && !/^ {0,3}~{8}/.test(text)
  );
  fc.assert(fc.property(fc.array(line), (lines) => {
    const text = ["~~~~~~~~{#x .file}", ...lines, "~~~~~~~~"].join("\n");
    deepStrictEqual(onlyFence(text).content, lines);
  }));
});

Deno.test("scanMarkdown() ends for any text", () => {
  const piece = fc.constantFrom("#", " ", "`", "~", "\n", "<!--", "-->", "a");
  fc.assert(fc.property(fc.array(piece), (pieces) => {
    for (const block of scanMarkdown(pieces.join(""))) {
      equal(block.line >= 1, true);
    }
  }));
});
