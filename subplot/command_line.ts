/**
 * Splits a step's command line into arguments.
 *
 * @module
 */

/**
 * Splits at blanks; single or double quotes keep blanks within an argument.
 *
 * @throws {TypeError} for a quote that is never closed
 */
export function splitCommandLine(text: string): string[] {
  const args: string[] = [];
  let current: string | undefined;
  let quote: string | undefined;
  for (const character of text) {
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else current = (current ?? "") + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      current ??= "";
    } else if (/\s/.test(character)) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else {
      current = (current ?? "") + character;
    }
  }
  if (quote !== undefined) {
    throw new TypeError(`Command line "${text}" has an open ${quote}`);
  }
  if (current !== undefined) args.push(current);
  return args;
}
