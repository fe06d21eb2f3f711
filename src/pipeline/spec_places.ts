/**
 * The image and the folders that a build spec names, looked at before anything
 * is started: what is wrong with them is told before a build, not after it. And
 * no folder is replaced that holds what no build made.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { UsageError } from "../shared/errors.ts";
import { requirePackableTree } from "../guest/trees/pack.ts";
import { unpackedPath } from "../guest/trees/replace_workspace.ts";
import {
  sourceExclude,
  WORKSPACE_STATE,
} from "../guest/trees/source_manifest.ts";
import { TREE_LIMITS } from "../guest/trees/tree_limits.ts";
import { systemErrorCode } from "../host/state/file_errors.ts";
import { randomName } from "../host/state/random_name.ts";
import { checkWorkerImage } from "../host/worker_image.ts";
import type { BuildSpec } from "../spec/build_spec.ts";
import { quotePath } from "../shared/quote.ts";

type Role = "source" | "workspace";

/** Real paths of what a spec names, and what it may have. */
type Places = Pick<BuildSpec, "paths" | "resources">;

/**
 * Looks at all that a build would use.
 *
 * @throws {ContractorError} as a build would
 */
export async function checkPlaces(places: Places): Promise<void> {
  await checkFolders(places);
  await checkWorkerImage(places.paths.workerImage);
}

/**
 * Refuses folders that cannot be used, and a source that cannot be packed.
 *
 * @throws {UsageError}
 * @throws {EnvironmentError} `tree-unreadable`
 */
export async function checkFolders(
  { paths, resources }: Places,
): Promise<void> {
  await requireReadableSource(paths.source);
  await requireReplaceableWorkspace(paths.workspace);
  await requireWritableParent(paths.workspace);
  await requirePackableTree(paths.source, {
    exclude: sourceExclude(paths),
    limits: {
      name: "source",
      bytes: resources.diskBytes,
      entries: TREE_LIMITS.entries,
    },
  });
}

/**
 * Whether there is a workspace to start from.
 *
 * @throws {UsageError} if something else is in its place
 */
export function hasWorkspace(path: string): Promise<boolean> {
  return isFolder("workspace", path);
}

/**
 * Makes the folders above a workspace that are not there yet.
 *
 * @throws {UsageError} `workspace-unwritable`
 */
export async function createParents(workspace: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(workspace), { recursive: true });
  } catch (error) {
    throw unwritable(workspace, dirname(workspace), error);
  }
}

async function requireReadableSource(path: string): Promise<void> {
  if (!await isFolder("source", path)) {
    throw new UsageError(
      "source-missing",
      `Cannot find the source directory ${quotePath(path)}`,
      { hint: "Correct `source` in the build spec" },
    );
  }
  await readNames("source", path);
}

/** An export replaces the workspace as a whole. */
async function requireReplaceableWorkspace(path: string): Promise<void> {
  if (!await isFolder("workspace", path)) return;
  await requireMovable(path);
  const names = await readNames("workspace", path);
  if (names.length === 0 || names.includes(WORKSPACE_STATE)) return;
  throw new UsageError(
    "workspace-foreign",
    `Cannot use ${
      quotePath(path)
    } as the workspace: it holds files that no build made`,
    {
      hint:
        "A build replaces its workspace: name a new or empty directory in `workspace`, or move the files away",
    },
  );
}

/** A folder that something is mounted on cannot be renamed. */
async function requireMovable(path: string): Promise<void> {
  const [own, parent] = await Promise.all(
    [path, dirname(path)].map((path) => Deno.stat(path)),
  );
  if (own!.dev === parent!.dev) return;
  throw new UsageError(
    "workspace-mounted",
    `Cannot use ${
      quotePath(path)
    } as the workspace: it is a file system of its own`,
    {
      hint: "A build replaces its workspace: name a directory in it instead",
    },
  );
}

/**
 * A build makes the new workspace beside the earlier one: tries that, with a
 * name that the next build cleans up if this is interrupted.
 */
async function requireWritableParent(workspace: string): Promise<void> {
  const parent = await nearestFolder(dirname(workspace));
  const probe = unpackedPath(
    join(parent, basename(workspace)),
    randomName(),
  );
  try {
    await Deno.mkdir(probe);
    await Deno.remove(probe);
  } catch (error) {
    // Another build may have cleaned it up.
    if (systemErrorCode(error) === "ENOENT") return;
    throw unwritable(workspace, parent, error);
  }
}

/** The nearest folder above a path that is there. */
async function nearestFolder(path: string): Promise<string> {
  while (true) {
    try {
      await Deno.lstat(path);
      return path;
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT" || path === "/") return path;
      path = dirname(path);
    }
  }
}

async function readNames(role: Role, path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  } catch (error) {
    throw unreadable(role, path, error);
  }
}

/** @returns false if there is nothing at the path */
async function isFolder(role: Role, path: string): Promise<boolean> {
  try {
    if ((await Deno.stat(path)).isDirectory) return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw unreadable(role, path, error);
  }
  throw new UsageError(
    `${role}-not-directory`,
    `Cannot use ${quotePath(path)} as the ${role}: it is not a directory`,
  );
}

function unreadable(role: Role, path: string, cause: unknown): UsageError {
  return new UsageError(
    `${role}-unreadable`,
    `Cannot read the ${role} directory ${quotePath(path)}`,
    { cause, hint: `Make it readable for you, or correct \`${role}\`` },
  );
}

function unwritable(
  workspace: string,
  folder: string,
  cause: unknown,
): UsageError {
  return new UsageError(
    "workspace-unwritable",
    `Cannot write the workspace ${
      quotePath(workspace)
    }: nothing can be made in ${quotePath(folder)}`,
    { cause, hint: "Make it writable for you, or correct `workspace`" },
  );
}
