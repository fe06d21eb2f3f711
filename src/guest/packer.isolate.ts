/**
 * The `packer` isolate: reads source and workspace, writes their disk. It has
 * no connection, and is told to end before a worker's bytes come back.
 *
 * @module
 */

import { serveIsolate } from "../isolate/isolate.ts";
import { requireReal } from "../shared/require_real.ts";
import { diskAllocation, exportRoomBytes } from "./trees/export_room.ts";
import { fileSystemError } from "./file_system_error.ts";
import { packTrees } from "./trees/pack.ts";
import type { PackerApi } from "./packer.ts";
import { skippedNotes } from "./trees/skipped_notes.ts";
import {
  manifestOf,
  readSourceManifest,
  SOURCE_IN_WORKSPACE,
  sourceExclude,
  workspaceFilter,
} from "./trees/source_manifest.ts";
import { listTree, type TreeEntry } from "./trees/tree_listing.ts";

serveIsolate<PackerApi>({
  async packTrees({ trees, hasWorkspace, output, limits }, { signal }) {
    await requireRoot(trees.source);
    if (hasWorkspace) await requireRoot(trees.workspace);
    const source = await listTree(trees.source, {
      exclude: sourceExclude(trees),
      limits: { name: "source", ...limits },
    }, signal);
    const manifest = manifestOf(source.entries);
    const workspace = hasWorkspace
      ? await listTree(trees.workspace, {
        ...workspaceFilter(
          await readSourceManifest(trees.workspace),
          manifest,
        ),
        limits: {
          name: "workspace of the last build",
          bytes: limits.bytes - sumSizes(source.entries),
          entries: limits.entries - source.entries.length,
        },
      }, signal)
      : { entries: [], skipped: [] };
    const exportOffset = await packTrees({
      trees: [
        { root: trees.workspace, prefix: "", entries: workspace.entries },
        {
          root: trees.source,
          prefix: `${SOURCE_IN_WORKSPACE}/`,
          entries: source.entries,
        },
      ],
      output,
      room: exportRoomBytes(limits.bytes),
      signal,
    });
    const allocatedBytes = await diskAllocation(output);
    const notes = skippedNotes([...source.skipped, ...workspace.skipped]);
    return { exportOffset, allocatedBytes, notes, manifest };
  },
});

/** Of a tree that is to be packed. */
async function requireRoot(path: string): Promise<void> {
  try {
    await requireReal(path);
  } catch (error) {
    throw fileSystemError("read", path, error);
  }
}

function sumSizes(entries: readonly TreeEntry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}
