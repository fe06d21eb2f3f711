/**
 * The record of what the source put into the workspace at the last build. With
 * it, a file that was removed from the source can be told from one that the
 * build made: the first must go, the second must stay.
 *
 * @module
 */

import { z } from "zod";
import { UsageError } from "../../shared/errors.ts";
import { fileSystemError } from "../file_system_error.ts";
import type { EntryKind, TreeEntry } from "./tree_listing.ts";

/** Directory in a workspace that is ours: it never travels to a worker. */
export const WORKSPACE_STATE = ".contractor";

/** Where in the workspace the source goes. */
export const SOURCE_IN_WORKSPACE = "src";

const MANIFEST = `${WORKSPACE_STATE}/source-manifest.json`;

/** A manifest of a million paths of 64 bytes; a larger one is not ours. */
const MAX_MANIFEST_BYTES = 64 * 1024 ** 2;

const path = z.string().min(1).max(4096);

const manifestSchema = z.strictObject({
  version: z.literal(1),
  /** Files and symlinks, relative to the source. */
  files: z.array(path).max(1_000_000),
  directories: z.array(path).max(1_000_000),
});

/** The source's paths at a build. */
export interface SourceManifest {
  files: ReadonlySet<string>;
  directories: ReadonlySet<string>;
}

/** What a build spec names; absolute paths. */
export interface Trees {
  source: string;
  workspace: string;
  workerImage: string;
  /** Links to the workspace and the image. */
  links?: readonly string[];
}

/** What decides which entries of the previous workspace travel in. */
export interface WorkspaceFilter {
  exclude: (path: string, kind: EntryKind) => boolean;
  pruneIfEmpty: (path: string) => boolean;
}

/** The manifest of a source that was listed. */
export function manifestOf(
  entries: readonly Pick<TreeEntry, "path" | "kind">[],
): SourceManifest {
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const { path, kind } of entries) {
    (kind === "directory" ? directories : files).add(path);
  }
  return { files, directories };
}

/**
 * Decides what of the previous workspace travels in, for `listTree`. Left out are our own state, files that
 * vanished from the source since `previous`, everything that `current` brings
 * anyway or that stands in its way, and directories of the previous source in
 * which nothing is left.
 */
export function workspaceFilter(
  previous: SourceManifest | undefined,
  current: SourceManifest,
): WorkspaceFilter {
  const inSource = `${SOURCE_IN_WORKSPACE}/`;
  return {
    exclude(path, kind) {
      if (path === WORKSPACE_STATE) return true;
      if (path === SOURCE_IN_WORKSPACE) return kind !== "directory";
      if (!path.startsWith(inSource)) return false;
      const name = path.slice(inSource.length);
      if (current.files.has(name)) return true;
      if (kind === "directory") return false;
      return current.directories.has(name) ||
        previous?.files.has(name) === true;
    },
    pruneIfEmpty(path) {
      const name = path.slice(inSource.length);
      return path.startsWith(inSource) && !current.directories.has(name) &&
        previous?.directories.has(name) === true;
    },
  };
}

/**
 * Decides what of the source does not travel: the workspace, if it is inside,
 * what builds left beside it, the worker image, and the links by which the spec
 * names them. All paths are absolute and normalized.
 */
export function sourceExclude(
  { source, workspace, workerImage, links = [] }: Trees,
): (path: string) => boolean {
  if (`${source}/`.startsWith(`${workspace}/`)) {
    throw new UsageError(
      "workspace-contains-source",
      `Cannot use "${workspace}" as the workspace: the source is inside it`,
      { hint: "Let the workspace be a directory that holds nothing else" },
    );
  }
  const inside = (path: string) =>
    path.startsWith(`${source}/`) ? [path.slice(source.length + 1)] : [];
  const excluded = new Set([workspace, workerImage, ...links].flatMap(inside));
  const [besides = []] = inside(workspace).map(leftBeside);
  return (path) =>
    excluded.has(path) || besides.some((start) => path.startsWith(start));
}

/** How the paths of what builds leave beside a workspace begin. */
function leftBeside(workspace: string): string[] {
  const slash = workspace.lastIndexOf("/") + 1;
  const name = workspace.slice(slash);
  return [
    `${workspace.slice(0, slash)}.${name}.contractor-`,
    `${workspace}.kept-`,
  ];
}

/**
 * Reads a workspace's manifest. One that is missing, damaged or not ours counts
 * as absent: then nothing is known to have vanished from the source.
 */
export async function readSourceManifest(
  workspace: string,
): Promise<SourceManifest | undefined> {
  try {
    const path = `${workspace}/${MANIFEST}`;
    for (const checked of [`${workspace}/${WORKSPACE_STATE}`, path]) {
      if ((await Deno.lstat(checked)).isSymlink) return undefined;
    }
    const info = await Deno.lstat(path);
    if (!info.isFile || info.size > MAX_MANIFEST_BYTES) return undefined;
    const manifest = manifestSchema.parse(
      JSON.parse(await Deno.readTextFile(path)),
    );
    return {
      files: new Set(manifest.files),
      directories: new Set(manifest.directories),
    };
  } catch {
    return undefined;
  }
}

/** Writes the manifest into a workspace that has none yet. */
export async function writeSourceManifest(
  workspace: string,
  manifest: SourceManifest,
): Promise<void> {
  const path = `${workspace}/${MANIFEST}`;
  try {
    await Deno.mkdir(`${workspace}/${WORKSPACE_STATE}`);
    const text = JSON.stringify({
      version: 1,
      files: [...manifest.files],
      directories: [...manifest.directories],
    });
    await Deno.writeTextFile(path, text + "\n", { createNew: true });
  } catch (error) {
    throw fileSystemError("write", path, error);
  }
}
