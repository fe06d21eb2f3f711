/**
 * What can be wrong with a Subplot document, told with line numbers.
 *
 * @module
 */

/** One mistake in a document. */
export interface Problem {
  line: number;
  message: string;
}

/** All mistakes of a document at once. */
export class SubplotError extends Error {
  override readonly name = "SubplotError";

  constructor(readonly document: string, readonly problems: Problem[]) {
    super(
      problems.map(({ line, message }) => `${document}:${line}: ${message}`)
        .join("\n"),
    );
  }
}
