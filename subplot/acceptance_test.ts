/**
 * The acceptance tests: every scenario of `contractor.md`, one test each.
 *
 * @module
 */

import { deepStrictEqual, notStrictEqual } from "node:assert/strict";
import { bindDocument } from "./bindings.ts";
import { ScenarioContext } from "./context.ts";
import { parseDocument } from "./parse.ts";
import { documentName, sourceDirectory } from "./repository.ts";
import { runScenario } from "./run.ts";
import { allSteps } from "./steps/mod.ts";

const document = parseDocument(
  documentName,
  await Deno.readTextFile(`${sourceDirectory}${documentName}`),
);
const bound = bindDocument(document, allSteps);

Deno.test("the document has scenarios and no loose ends", () => {
  notStrictEqual(bound.scenarios.length, 0);
  deepStrictEqual(bound.unusedPatterns, [], "Steps that no scenario uses");
  deepStrictEqual(bound.unusedFiles, [], "Files that no scenario uses");
});

for (const scenario of bound.scenarios) {
  Deno.test(`Scenario: ${scenario.scenario.title}`, async () => {
    await using context = await ScenarioContext.create(document.files);
    await runScenario(document.name, scenario, context);
  });
}
