/**
 * The `packer` isolate: reads source and workspace, writes their disks. It has
 * no connection, and is gone before a worker's bytes come back.
 *
 * @module
 */

import { EnvironmentError } from "../errors.ts";
import { serveIsolate } from "../isolate/isolate.ts";
import { packTree } from "./pack.ts";
import type { PackerApi } from "./packer.ts";
import { skippedNotes } from "./skipped_notes.ts";
import {
  manifestOf,
  readSourceManifest,
  SOURCE_IN_WORKSPACE,
  sourceExclude,
  type SourceManifest,
  workspaceFilter,
} from "./source_manifest.ts";

let manifest: SourceManifest | undefined;

serveIsolate<PackerApi>({
  async packSource({ trees, output }, { signal }) {
    const { entries, bytes, paths, skipped } = await packTree({
      root: trees.source,
      prefix: `${SOURCE_IN_WORKSPACE}/`,
      output,
      exclude: sourceExclude(trees),
      signal,
    });
    manifest = manifestOf(paths);
    return { entries, bytes, notes: skippedNotes(skipped), manifest };
  },

  async packWorkspace({ workspace, output }, { signal }) {
    if (manifest === undefined) {
      throw new EnvironmentError("source-unknown", "The source was not packed");
    }
    const { entries, bytes, skipped } = await packTree({
      root: workspace,
      prefix: "",
      output,
      ...workspaceFilter(await readSourceManifest(workspace), manifest),
      signal,
    });
    return { entries, bytes, notes: skippedNotes(skipped) };
  },
});
