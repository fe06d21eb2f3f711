/**
 * The `unpacker` isolate. Its bytes are the worker's, so it is thought of as
 * the worker's: it may read the archive and write one fresh directory. It
 * cannot read there, so it can rename nothing, and it cannot make links.
 *
 * @module
 */

import { serveIsolate } from "../isolate/isolate.ts";
import { requireExportRoom } from "./trees/export_room.ts";
import { unpackWorkspace } from "./trees/unpack.ts";
import type { UnpackerApi } from "./unpacker.ts";

serveIsolate<UnpackerApi>({
  unpackWorkspace: (params, { signal }) =>
    unpackWorkspace({ ...params, signal }),

  requireExportRoom: ({ disk, packed, allowed }) =>
    requireExportRoom(disk, packed, allowed),
});
