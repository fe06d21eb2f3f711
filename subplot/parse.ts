/**
 * Reads a Subplot document: Markdown whose `scenario` blocks are acceptance
 * tests, named by the heading above them, and whose `.file` blocks are the
 * files that those tests use.
 *
 * @module
 */

import { type Problem, SubplotError } from "./errors.ts";
import { type Fence, type Heading, scanMarkdown } from "./markdown.ts";

/** What a step is for: the set-up, the action or the expectation. */
export const stepKinds = ["given", "when", "then"] as const;
export type StepKind = typeof stepKinds[number];

/** One line of a scenario. */
export interface Step {
  line: number;
  /** As written, `and` and `but` included. */
  keyword: string;
  kind: StepKind;
  text: string;
}

/** The steps of all scenario blocks below one heading. */
export interface Scenario {
  title: string;
  line: number;
  steps: Step[];
}

/** A file whose content stands in the document. */
export interface EmbeddedFile {
  name: string;
  line: number;
  content: string;
}

export interface SubplotDocument {
  /** Name of the document in messages. */
  name: string;
  scenarios: Scenario[];
  files: Map<string, EmbeddedFile>;
}

/**
 * Parses a document.
 *
 * @throws {SubplotError} with all mistakes at once
 */
export function parseDocument(name: string, text: string): SubplotDocument {
  const problems: Problem[] = [];
  const scenarios = new Map<Heading, Scenario>();
  const files = new Map<string, EmbeddedFile>();
  let heading: Heading | undefined;
  for (const block of scanMarkdown(text)) {
    if (block.kind === "heading") {
      heading = block;
      continue;
    }
    if (!block.closed) {
      problems.push({
        line: block.line,
        message: "Code block is never closed",
      });
    }
    if (block.classes.includes("scenario")) {
      addSteps(scenarios, heading, block, problems);
    } else if (block.classes.includes("file")) {
      addFile(files, block, problems);
    }
  }
  refuseSameTitles([...scenarios.values()], problems);
  if (problems.length > 0) throw new SubplotError(name, problems);
  return { name, scenarios: [...scenarios.values()], files };
}

function addSteps(
  scenarios: Map<Heading, Scenario>,
  heading: Heading | undefined,
  block: Fence,
  problems: Problem[],
): void {
  if (heading === undefined) {
    problems.push({ line: block.line, message: "Scenario has no heading" });
    return;
  }
  const scenario = scenarios.get(heading) ??
    { title: heading.text, line: heading.line, steps: [] };
  scenarios.set(heading, scenario);
  const before = scenario.steps.length;
  for (const { line, text } of joinContinuations(block)) {
    const step = parseStep(line, text, scenario.steps.at(-1)?.kind);
    if ("message" in step) problems.push(step);
    else scenario.steps.push(step);
  }
  if (
    scenario.steps.length === before && block.content.join("").trim() === ""
  ) {
    problems.push({ line: block.line, message: "Scenario has no steps" });
  }
}

/** An indented line goes on with the step above it. */
function joinContinuations(block: Fence): { line: number; text: string }[] {
  const steps: { line: number; text: string }[] = [];
  for (const [index, content] of block.content.entries()) {
    if (content.trim() === "") continue;
    const last = steps.at(-1);
    if (/^\s/.test(content) && last !== undefined) {
      last.text += ` ${content.trim()}`;
    } else {
      steps.push({ line: block.line + 1 + index, text: content.trim() });
    }
  }
  return steps;
}

function parseStep(
  line: number,
  text: string,
  previous: StepKind | undefined,
): Step | Problem {
  const [, keyword = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(text) ?? [];
  const continues = keyword === "and" || keyword === "but";
  const kind = continues
    ? previous
    : stepKinds.find((candidate) => candidate === keyword);
  if (kind === undefined) {
    return {
      line,
      message: continues
        ? `Step "${text}" cannot be the first of a scenario`
        : `Step "${text}" must start with given, when, then, and or but`,
    };
  }
  if (rest === "") return { line, message: `Step "${text}" says nothing` };
  return { line, keyword, kind, text: rest };
}

function addFile(
  files: Map<string, EmbeddedFile>,
  block: Fence,
  problems: Problem[],
): void {
  const { id: name, line, content } = block;
  if (name === undefined || name === "") {
    problems.push({ line, message: "Embedded file has no name" });
    return;
  }
  const earlier = files.get(name);
  if (earlier !== undefined) {
    problems.push({
      line,
      message:
        `Embedded file "${name}" is there already, on line ${earlier.line}`,
    });
    return;
  }
  files.set(name, {
    name,
    line,
    content: content.map((text) => `${text}\n`).join(""),
  });
}

function refuseSameTitles(scenarios: Scenario[], problems: Problem[]): void {
  const lines = new Map<string, number>();
  for (const { title, line } of scenarios) {
    const earlier = lines.get(title);
    if (earlier === undefined) lines.set(title, line);
    else {
      problems.push({
        line,
        message: `Scenario "${title}" is there already, on line ${earlier}`,
      });
    }
  }
}
