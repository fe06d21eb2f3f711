/**
 * Whether a build may use a place on the host: pure decisions on real paths.
 *
 * @module
 */

import { isWithin } from "../spec/is_within.ts";
import { quotePath } from "../shared/quote.ts";
import { shellWord } from "./shell_word.ts";
import { findRunFolder } from "./workspace_place.ts";

/** Whose word allows a place outside of the project. */
export type Allower = "--allow-path" | "configuration";

/** What a build may use; real paths. */
export interface Boundary {
  /** The project's folder; `undefined` if there is none. */
  readonly folder: string | undefined;
  /** What the user allows besides it: folders with all in them, or files. */
  readonly allowed: readonly { readonly path: string; readonly by: Allower }[];
}

/** A place that a build is to use, and where it really is. */
export interface Place {
  readonly key: "build spec" | "source" | "workspace" | "worker-image";
  /** As the spec says it. */
  readonly written: string;
  readonly real: string;
}

/** Why a place may not be used, and what to do about it. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/** Whose word a place needs: nobody's in the project. */
export function allowerOf(
  { real }: Place,
  { folder, allowed }: Boundary,
): Allower | "nobody" | undefined {
  if (folder !== undefined && isWithin(folder, real)) return "nobody";
  return allowed.find(({ path }) => isWithin(path, real))?.by;
}

/** Why a build may not use a place; `undefined` if it may. */
export function refusePlace(
  place: Place,
  boundary: Boundary,
): Refusal | undefined {
  const allower = allowerOf(place, boundary);
  const from = allower === "nobody" ? boundary.folder! : "/";
  const runFolder = place.key === "workspace"
    ? findRunFolder(place.real, from)
    : undefined;
  if (allower === undefined) return refuseOutside(place, boundary, runFolder);
  if (runFolder === undefined) return undefined;
  return {
    message: `Expected a folder that only builds use for "workspace", got ${
      leading(place)
    }`,
    hint: reasonFor(runFolder),
  };
}

function refuseOutside(
  place: Place,
  { folder }: Boundary,
  runFolder: string | undefined,
): Refusal {
  const expected = folder === undefined
    ? "Your home folder and those above it are no project: cannot use"
    : `Expected a path in the project ${quotePath(folder)} for`;
  const option = `--allow-path ${shellWord(place.real)}`;
  return {
    message: `${expected} "${place.key}", got ${leading(place)}`,
    hint: runFolder === undefined
      ? `If you want that, allow it: ${option}`
      : `Not even ${option} would allow it: ${reasonFor(runFolder)}`,
  };
}

function leading({ written, real }: Place): string {
  return written === real
    ? quotePath(real)
    : `${quotePath(written)}, which leads to ${quotePath(real)}`;
}

function reasonFor(runFolder: string): string {
  return `No workspace may be in ${
    quotePath(runFolder)
  }: other programs run things from such folders`;
}
