/**
 * A build spec with the places on the host that it names, by their real paths.
 * A spec is not trusted: beyond its project it gets nothing without the user's
 * own word.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { applyConfig, type ConfiguredSpec } from "../config/apply_config.ts";
import { loadOwnConfig } from "../config/load.ts";
import { readOpened } from "../config/opened.ts";
import { addressesOfInterfaces } from "../egress/closed_places.ts";
import { UsageError } from "../shared/errors.ts";
import { type BuildSpec, checkPaths } from "../spec/build_spec.ts";
import { isWithin } from "../spec/is_within.ts";
import { loadBuildSpec } from "../spec/load.ts";
import { InvalidFileError, SpecError } from "../spec/problem.ts";
import { quotePath } from "../shared/quote.ts";
import { STANDARD_INPUT } from "../spec/read_text_file.ts";
import {
  type Allower,
  allowerOf,
  type Boundary,
  type Place,
  refusePlace,
} from "./boundary.ts";
import { findProjectFolder } from "./project_folder.ts";
import { resolveRealPath } from "./real_path.ts";
import { placeOfSpec, requireNoWayOut, requireOwnSpec } from "./spec_place.ts";

/** What the user says about the project on the command line. */
export interface ProjectOptions {
  /** Its folder, instead of the one that is found. */
  readonly project?: string | undefined;
  /** Folders and files outside of it that a spec may name. */
  readonly allowPaths?: readonly string[];
  /** Private places that a spec may name: `--allow-private`. */
  readonly allowPrivate?: readonly string[];
}

/** A place outside of the project, which the user allows. */
export interface OutsidePlace {
  readonly key: Place["key"];
  /** Real path. */
  readonly path: string;
  readonly by: Allower;
}

/** A build spec as the user who runs this command has it built. */
export interface ProjectSpec extends ConfiguredSpec {
  /** Real path of the project's folder; `undefined` if there is none. */
  readonly project: string | undefined;
  readonly outside: readonly OutsidePlace[];
}

/**
 * Reads a build spec, applies the user's configuration, and finds out where
 * its paths really lead: those in the result are the real ones.
 *
 * @param path the spec's path as given
 * @throws {UsageError} if the spec or the user's configuration is wrong;
 * `outside-project` if the spec names what is neither in the project nor
 * allowed
 */
export async function loadProject(
  path: string,
  options: ProjectOptions = {},
): Promise<ProjectSpec> {
  const opened = readOpened(options.allowPrivate ?? []);
  const config = await loadOwnConfig();
  const folder = await resolveRealPath(dirname(resolve(path)));
  const home = await resolveRealPath(resolve(Deno.env.get("HOME") || "/"));
  const boundary = {
    folder: options.project === undefined
      ? await findProjectFolder(folder, home)
      : await givenProject(options.project),
    allowed: [
      ...await allow(options.allowPaths ?? [], home, "--allow-path"),
      ...await allow(config.paths, home, "configuration"),
    ],
  };
  const ownPlaces: Place[] = [];
  if (path !== STANDARD_INPUT) {
    const place = await placeOfSpec(path);
    // Before it is read: errors show what is in it.
    requireOwnSpec(place, folder, boundary);
    if (options.project === undefined) {
      await requireNoWayOut(place, home, boundary);
    }
    if (isWithin(boundary.folder ?? folder, folder)) ownPlaces.push(place);
  }
  const loaded = applyConfig(await loadBuildSpec(path), config, {
    opened,
    own: addressesOfInterfaces(),
  });
  const places = await findPlaces(loaded.spec, folder);
  refuseOutside(loaded, places, boundary);
  const spec = { ...loaded.spec, paths: realPaths(folder, places) };
  await requireOwnWorkspace(loaded, spec);
  return {
    ...loaded,
    spec,
    project: boundary.folder,
    outside: [...ownPlaces, ...Object.values(places)].flatMap((place) => {
      const by = allowerOf(place, boundary);
      const isOutside = by === "--allow-path" || by === "configuration";
      return isOutside ? [{ key: place.key, path: place.real, by }] : [];
    }),
  };
}

/** One line on what lies outside of the project; `undefined` if nothing does. */
export function describeOutside(
  outside: readonly OutsidePlace[],
): string | undefined {
  if (outside.length === 0) return undefined;
  const places = outside.map(({ key, path, by }) => {
    const allower = by === "configuration" ? "your configuration" : by;
    return `${key} ${quotePath(path)} (${allower})`;
  });
  return `Allowed outside of the project: ${places.join(", ")}`;
}

async function givenProject(project: string): Promise<string> {
  const real = await resolveRealPath(resolve(project));
  const info = await Deno.stat(real).catch(() => undefined);
  if (info?.isDirectory) return real;
  throw new UsageError(
    "project-missing",
    `Cannot find the project's folder ${quotePath(project)}`,
    { hint: "Name a folder that is there with --project" },
  );
}

function allow(
  paths: readonly string[],
  home: string,
  by: Allower,
): Promise<{ path: string; by: Allower }[]> {
  return Promise.all(paths.map(async (path) => {
    const absolute = by === "configuration"
      ? path.replace(/^~(?=\/|$)/, home)
      : resolve(path);
    return { path: await resolveRealPath(absolute), by };
  }));
}

type SpecPlaces = Record<"source" | "workspace" | "workerImage", Place>;

async function findPlaces(
  { source, workspace, workerImage }: BuildSpec,
  folder: string,
): Promise<SpecPlaces> {
  // Not normalized: what a link leads to decides where `..` goes.
  const find = async (key: Place["key"], written: string) => ({
    key,
    written,
    real: await resolveRealPath(
      written.startsWith("/") ? written : `${folder}/${written}`,
    ),
  });
  return {
    source: await find("source", source),
    workspace: await find("workspace", workspace),
    workerImage: await find("worker-image", workerImage),
  };
}

function realPaths(
  folder: string,
  { source, workspace, workerImage }: SpecPlaces,
): BuildSpec["paths"] {
  return {
    folder,
    source: source.real,
    workspace: workspace.real,
    workerImage: workerImage.real,
    links: [workspace, workerImage].flatMap(({ written, real }) => {
      const named = resolve(folder, written);
      return named === real ? [] : [named];
    }),
  };
}

function refuseOutside(
  { path, positionOf }: ConfiguredSpec,
  places: SpecPlaces,
  boundary: Boundary,
): void {
  const problems = Object.values(places).flatMap((place) => {
    const refusal = refusePlace(place, boundary);
    return refusal === undefined
      ? []
      : [{ ...positionOf([place.key]), ...refusal }];
  });
  if (problems.length === 0) return;
  throw new InvalidFileError("outside-project", "build spec", path, problems);
}

/** Links can hide that a workspace holds what the user wrote. */
async function requireOwnWorkspace(
  { path, positionOf }: ConfiguredSpec,
  spec: BuildSpec,
): Promise<void> {
  const problems = checkPaths(spec, await resolveRealPath(resolve(path)))
    .map((problem) => ({
      ...positionOf(problem.path, problem.part),
      message: problem.message,
      ...(problem.hint !== undefined && { hint: problem.hint }),
    }));
  if (problems.length > 0) throw new SpecError(path, problems);
}
