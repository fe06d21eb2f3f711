/**
 * Binds the steps of a document's scenarios to the functions that carry them
 * out.
 *
 * @module
 */

import { type Problem, SubplotError } from "./errors.ts";
import type { Scenario, Step, SubplotDocument } from "./parse.ts";
import {
  type Capture,
  type Captures,
  type CompiledPattern,
  compilePattern,
  type StepPattern,
} from "./pattern.ts";

/** A pattern and the function for the steps that match it. */
export interface Binding<Context> {
  pattern: string;
  compiled: CompiledPattern;
  run(context: Context, captures: Record<string, string | number>): Outcome;
}

type Outcome = Promise<void> | void;

/**
 * Returns the function that defines bindings for a context.
 *
 * ```ts
 * const step = bindingsFor<{ code: number }>();
 * step("then exit code is {code:int}", (context, { code }) => {
 *   if (context.code !== code) throw new Error("Another exit code");
 * });
 * ```
 */
export function bindingsFor<Context>() {
  return <P extends StepPattern>(
    pattern: P,
    run: (context: Context, captures: Captures<P>) => Outcome,
  ): Binding<Context> => ({
    pattern,
    compiled: compilePattern(pattern),
    run: (context, captures) => run(context, captures as Captures<P>),
  });
}

export interface BoundStep<Context> {
  step: Step;
  run(context: Context): Outcome;
}

export interface BoundScenario<Context> {
  scenario: Scenario;
  steps: BoundStep<Context>[];
}

/** A document that is ready to run, and what it leaves unused. */
export interface BoundDocument<Context> {
  scenarios: BoundScenario<Context>[];
  unusedPatterns: string[];
  unusedFiles: string[];
}

/**
 * Binds every step of a document.
 *
 * @throws {SubplotError} with all steps that no binding matches, that several
 * match, or that name a file which the document does not embed
 */
export function bindDocument<Context>(
  document: SubplotDocument,
  bindings: readonly Binding<Context>[],
): BoundDocument<Context> {
  const problems: Problem[] = [];
  const usedBindings = new Set<Binding<Context>>();
  const usedFiles = new Set<string>();

  const bindStep = (step: Step): BoundStep<Context>[] => {
    const matches = findMatches(step, bindings);
    const [match] = matches;
    if (match === undefined || matches.length > 1) {
      problems.push({ line: step.line, message: describe(step, matches) });
      return [];
    }
    usedBindings.add(match.binding);
    for (const { kind, value } of match.captures) {
      if (kind !== "file") continue;
      if (!document.files.has(String(value))) {
        problems.push({
          line: step.line,
          message: `File "${value}" is not embedded in the document`,
        });
      }
      usedFiles.add(String(value));
    }
    const captures = Object.fromEntries(
      match.captures.map(({ name, value }) => [name, value]),
    );
    return [{ step, run: (context) => match.binding.run(context, captures) }];
  };

  const scenarios = document.scenarios.map((scenario) => ({
    scenario,
    steps: scenario.steps.flatMap(bindStep),
  }));
  if (problems.length > 0) throw new SubplotError(document.name, problems);
  return {
    scenarios,
    unusedPatterns: bindings.filter((binding) => !usedBindings.has(binding))
      .map(({ pattern }) => pattern),
    unusedFiles: [...document.files.keys()].filter((name) =>
      !usedFiles.has(name)
    ),
  };
}

interface Match<Context> {
  binding: Binding<Context>;
  captures: Capture[];
}

function findMatches<Context>(
  step: Step,
  bindings: readonly Binding<Context>[],
): Match<Context>[] {
  return bindings.filter(({ compiled }) => compiled.kind === step.kind)
    .flatMap((binding) => {
      const captures = binding.compiled.match(step.text);
      return captures === undefined ? [] : [{ binding, captures }];
    });
}

function describe<Context>(step: Step, matches: Match<Context>[]): string {
  const quoted = `Step "${step.kind} ${step.text}"`;
  if (matches.length === 0) return `${quoted} has no binding`;
  const patterns = matches.map(({ binding }) => `"${binding.pattern}"`);
  return `${quoted} is ambiguous: ${patterns.join(", ")}`;
}
