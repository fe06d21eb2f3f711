import { allocatedBytes } from "../shared/allocated_bytes.ts";
import { stateFileError, systemErrorCode } from "../host/state/file_errors.ts";

/** The disk that holds the manager's caches, a sparse file on the host. */
export interface DataDisk {
  path: string;
  /** What it takes on the host's disk; 0 until a manager has run. */
  allocatedBytes: number;
}

/** Looks how much a data disk takes, if it is there. */
export async function inspectDataDisk(path: string): Promise<DataDisk> {
  try {
    return { path, allocatedBytes: allocatedBytes(await Deno.stat(path)) };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return { path, allocatedBytes: 0 };
    throw stateFileError(error, "look at", path);
  }
}
