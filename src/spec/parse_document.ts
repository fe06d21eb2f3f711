/**
 * YAML text to data that fits a schema, or to all mistakes in it.
 *
 * @module
 */

import type { z } from "zod";
import { checkData, type DataProblem } from "./explain.ts";
import { type DataPath, locate, type PathPart } from "./locate.ts";
import { toPlainData } from "./plain_data.ts";
import type { Position, Problem } from "./problem.ts";
import { parseYaml } from "./yaml_document.ts";

/** A document without mistakes. */
export interface ParsedDocument<Schema extends z.ZodType> {
  /** Plain JSON data, keys as written. */
  readonly data: z.infer<Schema>;
  /** Where something in the data is in the text. */
  positionOf(path: DataPath, part?: PathPart): Position;
  /** A mistake in the data, with its place in the text. */
  place(found: DataProblem): Problem;
}

/** How to read a document, and how to tell what is wrong with it. */
export interface DocumentKind<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** What messages call it, such as "build spec". */
  readonly name: string;
  /** The error that carries the mistakes. */
  fail(problems: readonly Problem[]): Error;
}

/**
 * Parses and checks a document.
 *
 * @throws what `fail` makes of every mistake found
 */
export function parseDocument<Schema extends z.ZodType>(
  text: string,
  { schema, name, fail }: DocumentKind<Schema>,
): ParsedDocument<Schema> {
  const { document, problems: syntaxProblems, positionAt } = parseYaml(text);
  if (syntaxProblems.length > 0) throw fail(syntaxProblems);
  if (document === undefined) {
    throw fail([{
      line: 1,
      column: 1,
      message: `Expected a ${name}, got no YAML document`,
    }]);
  }

  const problems: Problem[] = [];
  const data = toPlainData(
    document,
    (offset, message, hint) =>
      problems.push({
        ...positionAt(offset),
        message,
        ...(hint === undefined ? {} : { hint }),
      }),
    (offset) => positionAt(offset).line,
  );
  const positionOf = (path: DataPath, part: PathPart = "value") =>
    positionAt(locate(document, path, part));
  const place = ({ path, part, message, hint }: DataProblem): Problem => ({
    ...positionOf(path, part),
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  // What was refused above stands as null in the data, which is no news.
  const refused = new Set(problems.map(placeKey));
  problems.push(
    ...checkData(data, schema, `the ${name}`).map(place)
      .filter((found) => !refused.has(placeKey(found))),
  );
  if (problems.length > 0) throw fail(problems);
  return { data: data as z.infer<Schema>, positionOf, place };
}

function placeKey({ line, column }: Position): string {
  return `${line}:${column}`;
}
