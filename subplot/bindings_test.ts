import { deepStrictEqual, rejects, throws } from "node:assert/strict";
import { bindDocument, type Binding, bindingsFor } from "./bindings.ts";
import { parseDocument } from "./parse.ts";
import { runScenario } from "./run.ts";

type Journal = string[];
const step = bindingsFor<Journal>();

const put = step("given file {name:file}", (journal, { name }) => {
  journal.push(`put ${name}`);
});
const count = step("when I count to {n:int}", (journal, { n }) => {
  journal.push(`count ${n + 1}`);
});
const fail = step("then it fails", () => {
  throw new Error("As it should");
});

function bind(steps: string, bindings: Binding<Journal>[]) {
  const text = `# One\n\`\`\`scenario\n${steps}\n\`\`\`\n` +
    "```{#a.txt .file}\n```\n```{#b.txt .file}\n```\n";
  return bindDocument(parseDocument("doc.md", text), bindings);
}

async function run(steps: string, bindings: Binding<Journal>[]) {
  const journal: Journal = [];
  for (const scenario of bind(steps, bindings).scenarios) {
    await runScenario("doc.md", scenario, journal);
  }
  return journal;
}

Deno.test("bindDocument() calls the steps in order with typed captures", async () => {
  deepStrictEqual(
    await run("given file a.txt\nand file b.txt\nwhen I count to 2", [
      count,
      put,
    ]),
    ["put a.txt", "put b.txt", "count 3"],
  );
});

Deno.test("bindDocument() reports steps without a binding", () => {
  throws(() => bind("given a cat\nwhen I count to 1\nthen it purrs", [count]), {
    name: "SubplotError",
    message: 'doc.md:3: Step "given a cat" has no binding\n' +
      'doc.md:5: Step "then it purrs" has no binding',
  });
});

Deno.test("bindDocument() minds the kind of a step", () => {
  throws(() => bind("then I count to 1", [count]), /has no binding/);
});

Deno.test("bindDocument() reports ambiguous steps", () => {
  const other = step("when I count {how:text}", () => {});
  throws(() => bind("when I count to 1", [count, other]), {
    message: 'doc.md:3: Step "when I count to 1" is ambiguous: ' +
      '"when I count to {n:int}", "when I count {how:text}"',
  });
});

Deno.test("bindDocument() reports files that are not embedded", () => {
  throws(() => bind("given file c.txt", [put]), {
    message: 'doc.md:3: File "c.txt" is not embedded in the document',
  });
});

Deno.test("bindDocument() tells what is unused", () => {
  const bound = bind("given file b.txt", [put, count]);
  deepStrictEqual(bound.unusedPatterns, ["when I count to {n:int}"]);
  deepStrictEqual(bound.unusedFiles, ["a.txt"]);
});

Deno.test("runScenario() names the step that failed", async () => {
  await rejects(
    () => run("given file a.txt\nthen it fails\nand it fails", [put, fail]),
    (error: Error) => {
      deepStrictEqual(
        [error.name, error.message, (error.cause as Error).message],
        ["StepError", "doc.md:4: then it fails", "As it should"],
      );
      return true;
    },
  );
});
