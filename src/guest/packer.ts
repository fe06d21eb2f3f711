/**
 * What the `packer` isolate does for the main thread: it reads the trees that
 * travel into a worker.
 *
 * @module
 */

import type { SourceManifest, Trees } from "./trees/source_manifest.ts";
import type { TreeLimits } from "./trees/tree_listing.ts";

/** The trees of a build on one disk. */
export interface PackedTrees {
  /** Where the worker's own archive is to begin: behind what was packed. */
  exportOffset: number;
  /** Bytes that the disk takes on the host as yet. */
  allocatedBytes: number;
  /** Entries that were left out, and why. */
  notes: string[];
  /** What the source holds. */
  manifest: SourceManifest;
}

export interface PackerApi {
  /**
   * Packs what is kept of the previous workspace, if there is one, and the
   * source. Room for the new workspace is left behind them.
   *
   * @throws {UsageError} `tree-too-large`
   */
  packTrees: {
    params: {
      trees: Trees;
      hasWorkspace: boolean;
      output: string;
      /**
       * Entries that each tree may have, and bytes that both may have together,
       * as may the new workspace.
       */
      limits: Omit<TreeLimits, "name">;
    };
    result: PackedTrees;
  };
}
