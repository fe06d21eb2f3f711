/**
 * The threads of a command that works with the manager, each with the
 * permissions that its task needs and no others.
 *
 * @module
 */

import type { EgressApi } from "../egress/egress.ts";
import type { GuestApi } from "../guest/guest.ts";
import type { KeeperApi } from "../guest/keeper.ts";
import type { PackerApi } from "../guest/packer.ts";
import type { UnpackerApi } from "../guest/unpacker.ts";
import { unixSocketPermissions } from "../host/unix_permission.ts";
import {
  type ManagerSettings,
  type VmmApi,
  vmmPermissions,
  vmmUrl,
} from "../host/vmm.ts";
import {
  type Isolate,
  type IsolateThread,
  spawnIsolate,
} from "../isolate/isolate.ts";

/** What a thread may do that only reads and writes certain paths. */
function pathPermissions(
  read: string[] | boolean,
  write: string[] | boolean,
): Deno.PermissionOptionsObject {
  return {
    read,
    write,
    net: false,
    env: false,
    run: false,
    sys: false,
    ffi: false,
    import: false,
  };
}

/** Starts the thread that owns the manager VM; it may read `userFiles`, too. */
export async function spawnVmm(
  settings: ManagerSettings,
  userFiles: string[] = [],
): Promise<Isolate<VmmApi>> {
  const vmm = spawnIsolate<VmmApi>({
    url: vmmUrl,
    name: "vmm",
    permissions: vmmPermissions(settings, userFiles),
  });
  await vmm.call("configure", settings);
  return vmm;
}

/** The manager's socket, and the log if there is one. */
export function guestPermissions(
  socket: string,
  log?: string,
): Deno.PermissionOptionsObject {
  return {
    ...pathPermissions([socket], log ? [socket, log] : [socket]),
    net: unixSocketPermissions([socket]),
  };
}

/** Starts the thread that speaks with the manager. */
export function spawnGuest(socket: string, log?: string): Isolate<GuestApi> {
  return spawnIsolate<GuestApi>({
    url: new URL("../guest/guest.isolate.ts", import.meta.url),
    name: "guest",
    permissions: guestPermissions(socket, log),
  });
}

/** What is packed, and the disk that it is packed into. */
export interface PackerReach {
  trees: string[];
  disk: string;
}

/**
 * Links below a tree lead its reader wherever the user may read: so the packer
 * hears of no guest, and can change nothing but the disk.
 */
export function packerPermissions(
  { trees, disk }: PackerReach,
): Deno.PermissionOptionsObject {
  return pathPermissions([...trees, disk], [disk]);
}

/** Starts the thread that packs trees into a disk. */
export function spawnPacker(reach: PackerReach): Isolate<PackerApi> {
  return spawnIsolate<PackerApi>({
    url: new URL("../guest/packer.isolate.ts", import.meta.url),
    name: "packer",
    permissions: packerPermissions(reach),
  });
}

/** The disk that a worker wrote, and the fresh directory for what is in it. */
export interface UnpackerReach {
  disk: string;
  destination: string;
}

/**
 * The unpacker may not read what it unpacked: else it could rename there, and
 * move a link to where it leads out.
 */
export function unpackerPermissions(
  { disk, destination }: UnpackerReach,
): Deno.PermissionOptionsObject {
  return pathPermissions([disk], [destination]);
}

/** Starts the thread that unpacks what a worker wrote. */
export function spawnUnpacker(reach: UnpackerReach): Isolate<UnpackerApi> {
  return spawnIsolate<UnpackerApi>({
    url: new URL("../guest/unpacker.isolate.ts", import.meta.url),
    name: "unpacker",
    permissions: unpackerPermissions(reach),
  });
}

/** The module that dials for workers. */
export const egressUrl: URL = new URL(
  "../egress/egress.isolate.ts",
  import.meta.url,
);

/** The network, and this machine's own addresses, which are refused. */
export const egressPermissions: Deno.PermissionOptionsObject = {
  ...pathPermissions(false, false),
  net: true,
  sys: ["networkInterfaces"],
};

/** Starts the thread that dials for workers. */
export function spawnEgress(url: URL): Isolate<EgressApi> {
  return spawnIsolate<EgressApi>({
    url,
    name: "egress",
    permissions: egressPermissions,
  });
}

/**
 * Makes an unpacked tree the workspace. For symlinks Deno wants the whole file
 * system; so it does nothing else, and checks every path again.
 */
export function spawnKeeper(): Isolate<KeeperApi> {
  return spawnIsolate<KeeperApi>({
    url: new URL("../guest/keeper.isolate.ts", import.meta.url),
    name: "keeper",
    permissions: pathPermissions(true, true),
  });
}

/**
 * Gives up every permission of the main thread, once the isolates have started;
 * they keep theirs.
 */
export async function revokeOwnPermissions(
  isolates: IsolateThread[],
): Promise<void> {
  await Promise.all(isolates.map((isolate) => isolate.started));
  for (
    const name of [
      "run",
      "net",
      "write",
      "read",
      "env",
      "sys",
      "ffi",
      "import",
    ] as const
  ) {
    Deno.permissions.revokeSync({ name });
  }
}
