/**
 * What the `keeper` isolate does for the main thread: it takes an unpacked tree
 * from the part that unpacked it, completes it and makes it the workspace.
 *
 * @module
 */

import type { AutorunProgram } from "./trees/autorun_files.ts";
import type { LeftOutEntries } from "./trees/left_out.ts";
import type { UnpackLimits } from "./trees/member_policy.ts";
import type { SourceManifest } from "./trees/source_manifest.ts";
import type { UnpackedTree } from "./trees/unpacked_tree.ts";

export interface ExportedTree {
  entries: number;
  /** Sum of the files' sizes. */
  bytes: number;
  notes: string[];
  /** What programs would run by themselves. */
  leftOut: LeftOutEntries;
  /** Says where the earlier workspace was kept, if it was, and why. */
  kept: string | undefined;
}

export interface KeeperApi {
  /** Remembers what is in the workspace: what comes later is not removed. */
  takeStock: { params: { workspace: string }; result: void };
  /** Makes the tree at the build's `unpackedPath` its workspace. */
  keepWorkspace: {
    params: {
      workspace: string;
      build: string;
      limits: UnpackLimits;
      /** Programs whose files come back although they run them. */
      keep: readonly AutorunProgram[];
      /** As the unpacker told; not believed. */
      unpacked: UnpackedTree;
      /** Of the source that went into the worker. */
      manifest: SourceManifest;
    };
    result: ExportedTree;
  };
}
