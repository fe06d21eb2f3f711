/**
 * What the `packer` isolate does for the main thread: it reads the trees that
 * travel into a worker.
 *
 * @module
 */

import type { SourceManifest, Trees } from "./source_manifest.ts";

export interface PackedTree {
  entries: number;
  /** Size of the disk. */
  bytes: number;
  /** Entries that were left out, and why. */
  notes: string[];
}

export interface PackerApi {
  /** Packs the source, and remembers what it holds. */
  packSource: {
    params: { trees: Trees; output: string };
    result: PackedTree & { manifest: SourceManifest };
  };
  /** Packs what is kept of the previous workspace; after `packSource`. */
  packWorkspace: {
    params: { workspace: string; output: string };
    result: PackedTree;
  };
}
