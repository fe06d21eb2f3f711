import { deepStrictEqual, equal, throws } from "node:assert/strict";
import { parseDocument } from "./parse.ts";

function problemsOf(text: string): string[] {
  let message = "";
  throws(() => parseDocument("doc.md", text), (error: Error) => {
    message = error.message;
    return true;
  });
  return message.split("\n");
}

Deno.test("parseDocument() names a scenario by its heading", () => {
  const { scenarios } = parseDocument(
    "doc.md",
    "# Top\n## First\n```scenario\ngiven a cat\n```\n## Second\n" +
      "```scenario\nwhen it purrs\n```\n",
  );
  deepStrictEqual(scenarios.map(({ title }) => title), ["First", "Second"]);
});

Deno.test("parseDocument() gives and and but the kind of the step above", () => {
  const { scenarios } = parseDocument(
    "doc.md",
    "# One\n```scenario\ngiven a cat\nand a dog\n\nwhen they meet\n" +
      "then it is loud\nbut not for long\n```\n",
  );
  deepStrictEqual(scenarios[0]?.steps, [
    { line: 3, keyword: "given", kind: "given", text: "a cat" },
    { line: 4, keyword: "and", kind: "given", text: "a dog" },
    { line: 6, keyword: "when", kind: "when", text: "they meet" },
    { line: 7, keyword: "then", kind: "then", text: "it is loud" },
    { line: 8, keyword: "but", kind: "then", text: "not for long" },
  ]);
});

Deno.test("parseDocument() joins indented lines to the step above", () => {
  const { scenarios } = parseDocument(
    "doc.md",
    "# One\n```scenario\nwhen I run\n  a long\n  command\n```\n",
  );
  equal(scenarios[0]?.steps[0]?.text, "I run a long command");
});

Deno.test("parseDocument() joins the blocks below one heading", () => {
  const { scenarios } = parseDocument(
    "doc.md",
    "# One\n```scenario\ngiven a cat\n```\ntext\n```scenario\nand a dog\n```\n",
  );
  equal(scenarios.length, 1);
  deepStrictEqual(scenarios[0]?.steps.map(({ kind }) => kind), [
    "given",
    "given",
  ]);
});

Deno.test("parseDocument() keeps embedded files as they are", () => {
  const { files } = parseDocument(
    "doc.md",
    "~~~{#a.txt .file}\n  two\n\nlines\n~~~\n```{#empty .file}\n```\n",
  );
  equal(files.get("a.txt")?.content, "  two\n\nlines\n");
  equal(files.get("empty")?.content, "");
});

Deno.test("parseDocument() passes over other code blocks", () => {
  const document = parseDocument("doc.md", "```sh\ngiven nothing\n```\n");
  equal(document.scenarios.length, 0);
  equal(document.files.size, 0);
});

Deno.test("parseDocument() reports all mistakes with their lines", () => {
  deepStrictEqual(
    problemsOf(
      "```scenario\ngiven a cat\n```\n# One\n```scenario\nand a dog\n" +
        "perhaps\nwhen\n```\n```{.file}\n```\n```{#a .file}\n```\n" +
        "```{#a .file}\n```\n# Empty\n```scenario\n```\n```scenario",
    ),
    [
      "doc.md:1: Scenario has no heading",
      'doc.md:6: Step "and a dog" cannot be the first of a scenario',
      'doc.md:7: Step "perhaps" must start with given, when, then, and or but',
      'doc.md:8: Step "when" says nothing',
      "doc.md:10: Embedded file has no name",
      'doc.md:14: Embedded file "a" is there already, on line 12',
      "doc.md:17: Scenario has no steps",
      "doc.md:19: Code block is never closed",
      "doc.md:19: Scenario has no steps",
    ],
  );
});

Deno.test("parseDocument() refuses two scenarios of the same name", () => {
  const scenario = "# Same\n```scenario\ngiven a cat\n```\n";
  deepStrictEqual(problemsOf(scenario + scenario), [
    'doc.md:5: Scenario "Same" is there already, on line 1',
  ]);
});
