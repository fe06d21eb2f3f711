/**
 * Steps that look at what a command said and how it ended.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import { parse } from "yaml";
import { type ScenarioContext, step } from "../context.ts";
import { describeOutcome } from "../invoke.ts";

export const outcomeSteps = [
  step("then exit code is {code:int}", ({ outcome }, { code }) => {
    if (outcome.code !== code) {
      throw new Error(`Expected ${code}\n${describeOutcome(outcome)}`);
    }
  }),

  step("then the JSON output matches {name:file}", (context, { name }) => {
    deepStrictEqual(
      JSON.parse(context.outcome.stdout),
      parse(context.embedded(name)),
    );
  }),

  step('then stdout contains "{text:text}"', ({ outcome }, { text }) => {
    requireText(outcome.stdout, text, outcome);
  }),

  step('then stderr contains "{text:text}"', ({ outcome }, { text }) => {
    requireText(outcome.stderr, text, outcome);
  }),

  // The log is streamed to a terminal: which stream it takes is no matter.
  step('then output contains "{text:text}"', ({ outcome }, { text }) => {
    requireText(outcome.stdout + outcome.stderr, text, outcome);
  }),

  step(
    'then no line of the output begins with "{text:text}"',
    ({ outcome }, { text }) => {
      const lines = (outcome.stdout + outcome.stderr).split("\n");
      if (lines.some((line) => line.startsWith(text))) {
        throw new Error(`A line does:\n${describeOutcome(outcome)}`);
      }
    },
  ),

  step(
    'then output does not contain "{text:text}"',
    ({ outcome }, { text }) => {
      if ((outcome.stdout + outcome.stderr).includes(text)) {
        throw new Error(`Output has "${text}"\n${describeOutcome(outcome)}`);
      }
    },
  ),
];

function requireText(
  output: string,
  text: string,
  outcome: ScenarioContext["outcome"],
): void {
  if (!output.includes(text)) {
    throw new Error(`Output lacks "${text}"\n${describeOutcome(outcome)}`);
  }
}
