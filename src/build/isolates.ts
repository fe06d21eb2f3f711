import type { EgressApi } from "../egress/egress.ts";
import type { GuestApi } from "../guest/guest.ts";
import { serveLinks } from "../guest/link_port.ts";
import type { LinkerApi } from "../guest/linker.ts";
import {
  newWorkspacePath,
  replacementPaths,
} from "../guest/replace_workspace.ts";
import type { VmmApi } from "../host/vmm.ts";
import type { Isolate, IsolateThread } from "../isolate/isolate.ts";
import {
  type GuestReach,
  spawnEgress,
  spawnGuest,
  spawnLinker,
} from "../isolates.ts";

/** What a build's threads may touch; absolute paths. */
export interface BuildReach {
  build: string;
  source: string;
  workspace: string;
  /** Directories of this build alone. */
  staging: string;
  results: string;
}

/** What the guest isolate of a build may touch. */
function guestReach(reach: BuildReach): GuestReach {
  const write = [
    reach.workspace,
    ...replacementPaths(reach.workspace, reach.build),
    reach.staging,
    reach.results,
  ];
  return { read: [reach.source, ...write], write };
}

/** The threads of one build. */
export class BuildIsolates {
  readonly guest: Isolate<GuestApi>;
  readonly egress: Isolate<EgressApi>;
  readonly #linker: Isolate<LinkerApi>;
  readonly #newWorkspace: string;

  constructor(
    readonly vmm: Isolate<VmmApi>,
    readonly rpcSocket: string,
    reach: BuildReach,
    egressModule: URL,
  ) {
    this.guest = spawnGuest(rpcSocket, guestReach(reach));
    this.egress = spawnEgress(egressModule);
    this.#linker = spawnLinker();
    this.#newWorkspace = newWorkspacePath(reach.workspace, reach.build);
  }

  /** Has the linker serve requests that arrive at a port, in one place alone. */
  serveLinks(port: MessagePort): void {
    serveLinks(port, async ({ links }) => {
      const root = this.#newWorkspace;
      await this.#linker.call("createLinks", { root, links });
    });
  }

  get all(): IsolateThread[] {
    return [this.vmm, ...this.#own];
  }

  /** Ends the threads, save `vmm`, which is the caller's. */
  terminate(): void {
    for (const isolate of this.#own) isolate.terminate();
  }

  get #own(): IsolateThread[] {
    return [this.guest, this.egress, this.#linker];
  }
}
