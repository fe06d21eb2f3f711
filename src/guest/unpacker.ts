/**
 * What the `unpacker` isolate does for the main thread: it reads the archive
 * that a worker wrote.
 *
 * @module
 */

import type { AutorunProgram } from "./trees/autorun_files.ts";
import type { ExportRoom } from "./trees/export_room.ts";
import type { UnpackLimits } from "./trees/member_policy.ts";
import type { UnpackedTree } from "./trees/unpacked_tree.ts";

export interface UnpackerApi {
  /** Unpacks an archive but for its symlinks into a fresh directory. */
  unpackWorkspace: {
    params: {
      disk: string;
      /** Where on the disk the archive begins. */
      offset: number;
      destination: string;
      limits: UnpackLimits;
      /** Programs whose files come back although they run them. */
      keep: readonly AutorunProgram[];
    };
    result: UnpackedTree;
  };
  /**
   * Fails if the worker wrote the disk to its end.
   *
   * @throws {LimitExceededError} `workspace-too-large`
   */
  requireExportRoom: {
    params: { disk: string; packed: ExportRoom; allowed: number };
    result: void;
  };
}
