/**
 * Closed places that a user opens on the command line.
 *
 * @module
 */

import { UsageError } from "../shared/errors.ts";
import { quote } from "../shared/quote.ts";
import { whyNotOpened } from "./schema.ts";

/**
 * Brings the values of `--allow-private` into their normal form.
 *
 * @throws {UsageError} `bad-arguments`
 */
export function readOpened(texts: readonly string[]): string[] {
  return texts.map((text) => {
    const reason = whyNotOpened(text);
    if (reason === undefined) return text.toLowerCase();
    throw new UsageError(
      "bad-arguments",
      `Expected ${reason} for --allow-private, got ${quote(text)}`,
    );
  });
}
