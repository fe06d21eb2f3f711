/**
 * The scenarios of `contractor.md` as tests. Two files run them, so that the
 * slow ones can run beside the others.
 *
 * @module
 */

import { deepStrictEqual, notStrictEqual } from "node:assert/strict";
import { bindDocument } from "./bindings.ts";
import { ScenarioContext } from "./context.ts";
import { parseDocument, type Scenario } from "./parse.ts";
import { documentName, sourceDirectory } from "./repository.ts";
import { runScenario } from "./run.ts";
import { allSteps } from "./steps/mod.ts";

const document = parseDocument(
  documentName,
  await Deno.readTextFile(`${sourceDirectory}${documentName}`),
);
const bound = bindDocument(document, allSteps);

/** Whether a scenario builds in Debian, which takes minutes. */
export function usesDebian({ steps }: Scenario): boolean {
  return steps.some(({ text }) =>
    text === "file worker.img from source directory"
  );
}

/** Defines one test for each of the scenarios that are chosen. */
export function testScenarios(isChosen: (scenario: Scenario) => boolean): void {
  const chosen = bound.scenarios.filter(({ scenario }) => isChosen(scenario));
  Deno.test("the document has such scenarios and no loose ends", () => {
    notStrictEqual(chosen.length, 0);
    deepStrictEqual(bound.unusedPatterns, [], "Steps that no scenario uses");
    deepStrictEqual(bound.unusedFiles, [], "Files that no scenario uses");
  });
  for (const scenario of chosen) {
    Deno.test(`Scenario: ${scenario.scenario.title}`, async () => {
      await using context = await ScenarioContext.create(document.files);
      await runScenario(document.name, scenario, context);
    });
  }
}
