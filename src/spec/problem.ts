/**
 * Mistakes in a file that a user wrote, and the errors that carry all of them.
 *
 * @module
 */

import type { UsageCode } from "../shared/error_codes.ts";
import { UsageError } from "../shared/errors.ts";
import { quotePath } from "../shared/quote.ts";

/** A place in a file; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One mistake, at a place in the file. */
export interface Problem extends Position {
  /** Sentence case, no full stop; harmless to print. */
  readonly message: string;
  /** What to do about it, such as a better spelling. */
  readonly hint?: string;
}

/** More would not help anyone; the rest is counted. */
const MAX_PROBLEMS = 50;

/** A file is wrong; holds every mistake found, in file order. */
export class InvalidFileError extends UsageError {
  readonly problems: readonly Problem[];
  /** How many further mistakes were left out of `problems`. */
  readonly omitted: number;

  /**
   * @param kind what messages call it, such as "build spec"
   * @param file the file's path as the user gave it
   */
  constructor(
    code: UsageCode,
    kind: string,
    readonly file: string,
    problems: readonly Problem[],
  ) {
    const count = problems.length === 1
      ? "1 problem"
      : `${problems.length} problems`;
    super(code, `Invalid ${kind} ${quotePath(file)}: ${count}`);
    const sorted = problems.toSorted((a, b) =>
      a.line - b.line || a.column - b.column
    );
    this.problems = sorted.slice(0, MAX_PROBLEMS);
    this.omitted = sorted.length - this.problems.length;
  }
}

/** The build spec is wrong. */
export class SpecError extends InvalidFileError {
  /** @param file the spec's path as the user gave it */
  constructor(file: string, problems: readonly Problem[]) {
    super("invalid-spec", "build spec", file, problems);
  }
}

/** The user's configuration is wrong. */
export class ConfigError extends InvalidFileError {
  /** @param file the configuration's path */
  constructor(file: string, problems: readonly Problem[]) {
    super("invalid-config", "configuration", file, problems);
  }
}
