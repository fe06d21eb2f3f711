/**
 * The text of a build spec to a checked spec, or to all its mistakes.
 *
 * @module
 */

import { type BuildSpec, checkPaths, toBuildSpec } from "./build_spec.ts";
import type { DataPath, PathPart } from "./locate.ts";
import { parseDocument } from "./parse_document.ts";
import { type Position, type Problem, SpecError } from "./problem.ts";
import { type SpecData, specSchema } from "./schema.ts";

/** What a spec's text says. */
export interface ParsedSpec {
  /** Plain JSON data, keys as written. */
  readonly data: SpecData;
  readonly spec: BuildSpec;
  /** Where something in the data is in the text. */
  positionOf(path: DataPath, part?: PathPart): Position;
}

/**
 * Parses and checks a spec.
 *
 * @param file the spec's path as the user gave it
 * @throws {SpecError} with every mistake found
 */
export function parseBuildSpec(text: string, file: string): ParsedSpec {
  const fail = (problems: readonly Problem[]) => new SpecError(file, problems);
  const { data, positionOf, place } = parseDocument(text, {
    schema: specSchema,
    name: "build spec",
    fail,
  });
  const spec = toBuildSpec(data, file);
  const problems = checkPaths(spec, file).map(place);
  if (problems.length > 0) throw fail(problems);
  return { data, spec, positionOf };
}
