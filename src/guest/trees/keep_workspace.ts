/**
 * Makes an unpacked tree the workspace. The part that unpacked it may be the
 * worker's by now, so the tree changes hands first: it gets a name at which
 * that part may do nothing. Only then is it looked at and completed; symlinks
 * come last, so that nothing is ever written through one.
 *
 * @module
 */

import { z } from "zod";
import { requireReal } from "../../shared/require_real.ts";
import { AUTORUN_PROGRAMS, type AutorunProgram } from "./autorun_files.ts";
import { AutorunFilter } from "./autorun_filter.ts";
import { createLinks } from "./create_links.ts";
import { fileSystemError } from "../file_system_error.ts";
import { type InspectedEntry, inspectTree, unsound } from "./inspect_tree.ts";
import type { ExportedTree, KeeperApi } from "../keeper.ts";
import { MAX_NAMED } from "./left_out.ts";
import { MAX_PATH_BYTES, type SymbolicLink } from "./link_policy.ts";
import { RealDirectories } from "./real_directories.ts";
import {
  claimUnpackedTree,
  removeNewTree,
  replaceWorkspace,
} from "./replace_workspace.ts";
import { skippedNotes } from "./skipped_notes.ts";
import type { TreeStock } from "./tree_stock.ts";
import { writeSourceManifest } from "./source_manifest.ts";
import { MAX_MTIME, MAX_SKIPPED_NOTES } from "./unpacked_tree.ts";

const path = z.string().max(MAX_PATH_BYTES);
const program = z.enum(AUTORUN_PROGRAMS);

/** An `UnpackedTree` of at most so many entries. */
const unpackedSchema = (entries: number) =>
  z.strictObject({
    entries: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    skipped: z.array(z.strictObject({ path, reason: z.string().max(200) }))
      .max(MAX_SKIPPED_NOTES),
    skippedCount: z.int().nonnegative(),
    leftOut: z.strictObject({
      count: z.int().nonnegative(),
      programs: z.array(program).max(AUTORUN_PROGRAMS.length),
      first: z.array(z.strictObject({ path, program })).max(MAX_NAMED),
    }),
    links: z.array(z.strictObject({ path, target: path })).max(entries),
    directoryTimes: z.array(
      z.strictObject({ path, mtime: z.number().min(0).max(MAX_MTIME) }),
    ).max(entries),
  });

/**
 * Makes the tree that a build unpacked its workspace; if that fails, the tree
 * is removed and the earlier workspace stays.
 *
 * @param stock what was in the earlier workspace when the build began
 * @throws {EnvironmentError} `workspace-unsound`, `link-refused`,
 *   `path-refused` or `file-system`
 */
export async function keepWorkspace(
  params: KeeperApi["keepWorkspace"]["params"],
  stock: TreeStock,
): Promise<ExportedTree> {
  const { workspace, build, limits, keep, manifest } = params;
  const unpacked = unpackedSchema(limits.entries).parse(params.unpacked);
  const tree = await claimUnpackedTree(workspace, build);
  try {
    await requireReal(tree);
    const entries = inspectTree(tree, limits);
    requireNothingRuns([...entries, ...unpacked.links.map(asEntry)], keep);
    await writeSourceManifest(tree, manifest);
    const directories = new RealDirectories(tree);
    createLinks(directories, unpacked.links);
    setTimes(directories, unpacked.directoryTimes);
  } catch (error) {
    await removeNewTree(workspace, build);
    throw error;
  }
  const { kept, left } = await replaceWorkspace(workspace, build, stock);
  const notes = skippedNotes(unpacked.skipped, unpacked.skippedCount);
  if (left !== undefined) notes.push(left);
  const { entries, bytes, leftOut } = unpacked;
  return { entries, bytes, notes, leftOut, kept };
}

const asEntry = ({ path }: SymbolicLink): InspectedEntry => ({
  path,
  kind: "symlink",
});

/** Fails if the unpacker has not left out what programs run by themselves. */
function requireNothingRuns(
  entries: readonly InspectedEntry[],
  keep: readonly AutorunProgram[],
): void {
  const filter = new AutorunFilter(keep);
  for (const { path, kind } of entries) {
    if (filter.match(path, kind)) throw unsound(path, "programs run it");
  }
  const [part] = filter.matchGitParts(entries.map(({ path }) => path));
  if (part) throw unsound(part.path, "Git runs it");
}

/** Last, since creating anything in a directory changes its time. */
function setTimes(
  directories: RealDirectories,
  times: readonly { path: string; mtime: number }[],
): void {
  for (const { path, mtime } of times) {
    const onDisk = directories.directory(path);
    try {
      Deno.utimeSync(onDisk, mtime, mtime);
    } catch (error) {
      throw fileSystemError("set the time of", onDisk, error);
    }
  }
}
