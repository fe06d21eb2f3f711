/**
 * The threads of a command that works with the manager, each with the
 * permissions that its task needs and no others.
 *
 * @module
 */

import type { EgressApi } from "./egress/egress.ts";
import type { GuestApi } from "./guest/guest.ts";
import type { LinkerApi } from "./guest/linker.ts";
import { unixSocketPermissions } from "./host/unix_permission.ts";
import {
  type ManagerSettings,
  type VmmApi,
  vmmPermissions,
  vmmUrl,
} from "./host/vmm.ts";
import {
  type Isolate,
  type IsolateThread,
  spawnIsolate,
} from "./isolate/isolate.ts";

/** What the guest isolate may touch besides the RPC socket. */
export interface GuestReach {
  read: string[];
  write: string[];
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

export function spawnGuest(
  socket: string,
  reach: GuestReach,
): Isolate<GuestApi> {
  return spawnIsolate<GuestApi>({
    url: new URL("./guest/guest.isolate.ts", import.meta.url),
    name: "guest",
    permissions: {
      read: [socket, ...reach.read],
      write: [socket, ...reach.write],
      net: unixSocketPermissions([socket]),
      env: false,
      run: false,
      sys: false,
      ffi: false,
      import: false,
    },
  });
}

/** The module that dials for workers. */
export const egressUrl: URL = new URL(
  "./egress/egress.isolate.ts",
  import.meta.url,
);

/** Dials for workers: it may use the network, and know this machine's addresses. */
export function spawnEgress(url: URL): Isolate<EgressApi> {
  return spawnIsolate<EgressApi>({
    url,
    name: "egress",
    permissions: {
      net: true,
      read: false,
      write: false,
      env: false,
      run: false,
      sys: ["networkInterfaces"],
      ffi: false,
      import: false,
    },
  });
}

/**
 * Creates symlinks, for which Deno wants the whole file system; so it does
 * nothing else, and checks every link again.
 */
export function spawnLinker(): Isolate<LinkerApi> {
  return spawnIsolate<LinkerApi>({
    url: new URL("./guest/linker.isolate.ts", import.meta.url),
    name: "linker",
    permissions: {
      read: true,
      write: true,
      net: false,
      env: false,
      run: false,
      sys: false,
      ffi: false,
      import: false,
    },
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
