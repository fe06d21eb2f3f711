/**
 * Where the things that scenarios need are in the source tree.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** Root of the source tree. */
export const sourceDirectory = fileURLToPath(new URL("../", import.meta.url));

/** The document that holds the acceptance scenarios. */
export const documentName = "contractor.md";

/** Runs the command line from source. */
export const contractorCommand = inSource("scripts/contractor");

/** Exists once the manager image is built. */
export const managerManifest = inSource(".cache/images/manager/manifest.json");

/** Where the images that the scripts made are. */
export const imageDirectory = inSource(".cache/images");

/** Name in a scenario of each file `from source directory`, and its place. */
export const sourceFiles: ReadonlyMap<string, string> = new Map([
  ["worker.img", inSource(".cache/images/debian-worker.img")],
  ["tiny.img", inSource(".cache/images/tiny-worker.img")],
]);

function inSource(path: string): string {
  return `${sourceDirectory}${path}`;
}

/** Whether there is a file; a dangling symbolic link is none. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
