/**
 * Where the agent keeps its files inside the manager.
 *
 * @module
 */

/** Directories of the agent: `state` is on the data disk, `runtime` is not. */
export interface AgentPaths {
  readonly state: string;
  readonly runtime: string;
}

/** The directories of the agent in the manager image. */
export const agentPaths: AgentPaths = {
  state: "/var/lib/contractor",
  runtime: "/run/contractor",
};

/** Device of a disk that the host attached to the manager. */
export function attachedDiskPath(serial: string): string {
  return `/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_${serial}`;
}
