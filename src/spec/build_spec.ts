/**
 * A build spec in the form that a build works with.
 *
 * @module
 */

import { basename, dirname, resolve } from "node:path";
import type { DataProblem } from "./explain.ts";
import { isWithin } from "./is_within.ts";
import { type Resources, toResources } from "./limits.ts";
import { type PhaseNetwork, toPhaseNetwork } from "./network.ts";
import { quote } from "../shared/quote.ts";
import type { SpecData } from "./schema.ts";

/** A build spec with every default applied; units are in the names. */
export interface BuildSpec {
  /** The spec's file name. */
  readonly name: string;
  /** Paths as written. */
  readonly workerImage: string;
  readonly source: string;
  readonly workspace: string;
  /** The same paths, absolute; the real ones once the project is known. */
  readonly paths: {
    /** Folder of the spec, which the others are relative to. */
    readonly folder: string;
    readonly workerImage: string;
    readonly source: string;
    readonly workspace: string;
    /** Links that the spec names the image and the workspace by. */
    readonly links?: readonly string[];
  };
  /** Plays, as written; `undefined` if there is nothing to install. */
  readonly ansible: readonly unknown[] | undefined;
  /** The build commands, a shell script. */
  readonly build: string;
  readonly resources: Resources;
  readonly network: {
    /** `undefined`: the package repositories that the image is set up for. */
    readonly prepare: PhaseNetwork | undefined;
    /** Empty by default: the build commands reach nothing. */
    readonly build: PhaseNetwork;
  };
}

/** What the manager accepts as the name of a build. */
const MAX_NAME_LENGTH = 200;

/** Applies defaults and resolves paths; `file` is the spec's path. */
export function toBuildSpec(data: SpecData, file: string): BuildSpec {
  const folder = dirname(resolve(file));
  const { source, workspace, network } = data;
  const workerImage = data["worker-image"];
  return {
    name: basename(file).slice(0, MAX_NAME_LENGTH),
    workerImage,
    source,
    workspace,
    paths: {
      folder,
      workerImage: resolve(folder, workerImage),
      source: resolve(folder, source),
      workspace: resolve(folder, workspace),
    },
    ansible: data.ansible?.length ? data.ansible : undefined,
    build: data.build,
    resources: toResources(data.resources ?? {}),
    network: {
      prepare: network?.prepare && toPhaseNetwork(network.prepare),
      build: toPhaseNetwork(network?.build ?? []),
    },
  };
}

/**
 * The workspace directory is replaced as a whole after a build, so it must not
 * hold anything that the user wrote.
 */
export function checkPaths(spec: BuildSpec, file: string): DataProblem[] {
  const { workspace, source, workerImage } = spec.paths;
  const endangered = [
    { name: "the source tree", path: source },
    { name: "the worker image", path: workerImage },
    { name: "the build spec", path: resolve(file) },
  ].find(({ path }) => isWithin(workspace, path));
  if (endangered === undefined) return [];
  return [{
    path: ["workspace"],
    part: "value",
    message: `Expected a directory of its own for "workspace", got ${
      quote(spec.workspace)
    }, which holds ${endangered.name}`,
    hint: "The workspace is replaced after each build",
  }];
}
