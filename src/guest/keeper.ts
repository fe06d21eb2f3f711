/**
 * What the `keeper` isolate does for the main thread: it takes an unpacked tree
 * from the part that unpacked it, completes it and makes it the workspace.
 *
 * @module
 */

import type { UnpackLimits } from "./member_policy.ts";
import type { SourceManifest } from "./source_manifest.ts";
import type { UnpackedTree } from "./unpacked_tree.ts";

export interface ExportedTree {
  entries: number;
  /** Sum of the files' sizes. */
  bytes: number;
  notes: string[];
}

export interface KeeperApi {
  /** Makes the tree at the build's `unpackedPath` its workspace. */
  keepWorkspace: {
    params: {
      workspace: string;
      build: string;
      limits: UnpackLimits;
      /** As the unpacker told; not believed. */
      unpacked: UnpackedTree;
      /** Of the source that went into the worker. */
      manifest: SourceManifest;
    };
    result: ExportedTree;
  };
}
