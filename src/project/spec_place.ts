/**
 * Where a build spec itself is: a link in a project must not make a spec of
 * what lies elsewhere, nor a project of the folder that it leads to.
 *
 * @module
 */

import { resolve } from "node:path";
import { UsageError } from "../shared/errors.ts";
import { isWithin } from "../spec/is_within.ts";
import { quotePath } from "../shared/quote.ts";
import { allowerOf, type Boundary, type Place } from "./boundary.ts";
import { checkoutsAbove } from "./project_folder.ts";
import { resolveRealPath } from "./real_path.ts";
import { shellWord } from "./shell_word.ts";

/** The place of a spec; `path` as the user gave it. */
export async function placeOfSpec(path: string): Promise<Place> {
  const real = await resolveRealPath(resolve(path));
  return { key: "build spec", written: path, real };
}

/**
 * Refuses a spec that is a link out of the project. To name one outside of the
 * project that the user gave is the user's own word.
 *
 * @param folder real path of the folder that the spec is named in
 * @throws {UsageError} `outside-project`
 */
export function requireOwnSpec(
  place: Place,
  folder: string,
  boundary: Boundary,
): void {
  const { folder: project = folder } = boundary;
  const own = isWithin(project, folder) ? project : folder;
  if (allowerOf(place, { ...boundary, folder: own }) === undefined) {
    throw leadsOut(place, own);
  }
}

/**
 * Refuses a spec whose path leaves a checkout by a link.
 *
 * @param home real path of the user's home
 * @throws {UsageError} `outside-project`
 */
export async function requireNoWayOut(
  place: Place,
  home: string,
  boundary: Boundary,
): Promise<void> {
  if (allowerOf(place, { ...boundary, folder: undefined })) return;
  for (const checkout of await checkoutsAbove(resolve(place.written), home)) {
    const left = await resolveRealPath(checkout);
    if (!isWithin(left, home) && !isWithin(left, place.real)) {
      throw leadsOut(place, left);
    }
  }
}

function leadsOut({ written, real }: Place, project: string): UsageError {
  return new UsageError(
    "outside-project",
    `Cannot use the build spec ${quotePath(written)}: it leads to ${
      quotePath(real)
    }, out of the project ${quotePath(project)}`,
    { hint: `If you want that, allow it: --allow-path ${shellWord(real)}` },
  );
}
