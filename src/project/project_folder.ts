/**
 * The folder that a build belongs to. Whatever the build spec names in it may
 * be used; the rest of the host takes the user's own word.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { isWithin } from "../spec/is_within.ts";

/** What shows that a folder is a checkout; `.git` can also be a file. */
const CHECKOUT_MARKERS = [".git", ".jj", ".hg", ".svn"];

/**
 * The nearest checkout at or above a spec's folder, else that folder. The home
 * folder and those above it are nobody's project, even if they are checkouts:
 * everything that the user has would be in it.
 *
 * @param specFolder real path
 * @param home real path of the user's home
 * @returns `undefined` if the spec lies in the home folder itself, or above
 */
export async function findProjectFolder(
  specFolder: string,
  home: string,
): Promise<string | undefined> {
  if (isWithin(specFolder, home)) return undefined;
  for (
    let folder = specFolder;
    !isWithin(folder, home);
    folder = dirname(folder)
  ) if (await isCheckout(folder)) return folder;
  return specFolder;
}

/**
 * Checkouts that a path passes through as it is written, the home folder and
 * those above it aside.
 *
 * @param path absolute
 */
export async function checkoutsAbove(
  path: string,
  home: string,
): Promise<string[]> {
  const found: string[] = [];
  for (
    let folder = dirname(path);
    !isWithin(folder, home);
    folder = dirname(folder)
  ) if (await isCheckout(folder)) found.push(folder);
  return found;
}

async function isCheckout(folder: string): Promise<boolean> {
  const place = await Deno.stat(folder).catch(() => undefined);
  if (!place?.isDirectory) return false;
  for (const name of CHECKOUT_MARKERS) {
    const marker = await Deno.lstat(join(folder, name)).catch(() => undefined);
    if (marker && isOwnMarker(place, marker)) return true;
  }
  return false;
}

type Ownership = Pick<Deno.FileInfo, "mode" | "uid">;

/**
 * Whether a marker was made by whoever owns the folder: where others can make
 * files, such as in `/tmp`, one of theirs must not make a project of it.
 */
export function isOwnMarker(
  folder: Ownership,
  marker: Pick<Ownership, "uid">,
): boolean {
  const isShared = ((folder.mode ?? 0) & 0o022) !== 0;
  return !isShared || marker.uid === folder.uid;
}
