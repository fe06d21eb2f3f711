/**
 * The folders that a build spec names, looked at before anything is started. A
 * spec may come with the source, from anyone: what it says in the open is the
 * user's to judge, so nothing in the spec's folder may lead elsewhere, and no
 * folder is replaced that holds what no build made.
 *
 * @module
 */

import { join, relative } from "node:path";
import { UsageError } from "../errors.ts";
import { WORKSPACE_STATE } from "../guest/source_manifest.ts";
import { systemErrorCode } from "../host/file_errors.ts";
import type { BuildSpec } from "../spec/build_spec.ts";
import { isWithin } from "../spec/is_within.ts";
import { quotePath } from "../spec/quote.ts";

type Role = "source" | "workspace";

/**
 * Refuses folders that cannot be used.
 *
 * @returns notes on what the user should know about them
 * @throws {UsageError}
 */
export async function checkFolders(
  { paths }: Pick<BuildSpec, "paths">,
): Promise<string[]> {
  for (const role of ["source", "workspace"] as const) {
    await requireNoLinks(paths.folder, role, paths[role]);
  }
  await requireReadableSource(paths.source);
  await requireReplaceableWorkspace(paths.workspace);
  return (["source", "workspace"] as const)
    .filter((role) => !isWithin(paths.folder, paths[role]))
    .map((role) =>
      `The ${role} is outside of the build spec's folder: ${
        quotePath(paths[role])
      }`
    );
}

/**
 * Whether there is a workspace to start from.
 *
 * @throws {UsageError} if something else is in its place
 */
export function hasWorkspace(path: string): Promise<boolean> {
  return isFolder("workspace", path);
}

/** Links in the spec's folder would hide where its paths lead. */
async function requireNoLinks(
  folder: string,
  role: Role,
  path: string,
): Promise<void> {
  if (!isWithin(folder, path)) return;
  let current = folder;
  for (const component of relative(folder, path).split("/")) {
    current = join(current, component);
    const info = await Deno.lstat(current).catch(() => undefined);
    if (!info?.isSymlink) continue;
    throw new UsageError(
      `${role}-linked`,
      `Cannot use ${quotePath(path)} as the ${role}: ${
        quotePath(current)
      } is a symbolic link`,
      {
        hint: `Name in \`${role}\` what it leads to, if that is what you want`,
      },
    );
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
