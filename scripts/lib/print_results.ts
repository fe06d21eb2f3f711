/**
 * Prints what a test run came to; fails unless tests passed and none failed.
 *
 * Usage: print_results.ts FOLDER, where sections.sh keeps its records
 *
 * @module
 */

import {
  countTests,
  formatResults,
  parseJunit,
  parseParts,
} from "./results.ts";

const [folder] = Deno.args;

/** A part may have no tests, or have ended before it wrote of any. */
function readTests(name: string) {
  try {
    return parseJunit(Deno.readTextFileSync(`${folder}/${name}.xml`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const parts = parseParts(
  Deno.readTextFileSync(`${folder}/records`),
  readTests,
);
const { passed, failed } = countTests(parts);
console.log(`\n${formatResults(parts)}`);
Deno.exit(failed === 0 && passed > 0 ? 0 : 1);
