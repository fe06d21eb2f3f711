/**
 * What the `unpacker` isolate does for the main thread: it reads the archive
 * that a worker wrote.
 *
 * @module
 */

import type { UnpackLimits } from "./member_policy.ts";
import type { UnpackedTree } from "./unpacked_tree.ts";

export interface UnpackerApi {
  /** Unpacks an archive but for its symlinks into a fresh directory. */
  unpackWorkspace: {
    params: { archive: string; destination: string; limits: UnpackLimits };
    result: UnpackedTree;
  };
  /**
   * Fails if the worker wrote the export disk to its end.
   *
   * @throws {LimitExceededError} `workspace-too-large`
   */
  requireExportRoom: {
    params: { archive: string; allowed: number };
    result: void;
  };
}
