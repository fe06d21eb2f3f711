import type { EgressApi } from "../egress/egress.ts";
import type { GuestApi } from "../guest/guest.ts";
import type { KeeperApi } from "../guest/keeper.ts";
import type { PackerApi } from "../guest/packer.ts";
import type { UnpackerApi } from "../guest/unpacker.ts";
import type { VmmApi } from "../host/vmm.ts";
import type { Isolate, IsolateThread } from "../isolate/isolate.ts";
import {
  spawnEgress,
  spawnGuest,
  spawnKeeper,
  spawnPacker,
  spawnUnpacker,
} from "../permissions/isolates.ts";

/** What a build's threads may touch; absolute paths. */
export interface BuildReach {
  /** Directories that travel into the worker. */
  trees: string[];
  /** The disk on which they travel, and the new workspace comes back. */
  disk: string;
  /** Where that is unpacked. */
  unpacked: string;
  log: string;
}

/** The threads of one build. */
export class BuildIsolates {
  readonly guest: Isolate<GuestApi>;
  readonly egress: Isolate<EgressApi>;
  readonly packer: Isolate<PackerApi>;
  readonly unpacker: Isolate<UnpackerApi>;
  readonly keeper: Isolate<KeeperApi>;

  constructor(
    readonly vmm: Isolate<VmmApi>,
    readonly rpcSocket: string,
    reach: BuildReach,
    egressModule: URL,
  ) {
    this.guest = spawnGuest(rpcSocket, reach.log);
    this.egress = spawnEgress(egressModule);
    this.packer = spawnPacker(reach);
    this.unpacker = spawnUnpacker({
      disk: reach.disk,
      destination: reach.unpacked,
    });
    this.keeper = spawnKeeper();
  }

  get all(): IsolateThread[] {
    return [this.vmm, ...this.#own];
  }

  /** Ends the threads, save `vmm`, which is the caller's. */
  terminate(): void {
    for (const isolate of this.#own) isolate.terminate();
  }

  get #own(): IsolateThread[] {
    return [
      this.guest,
      this.egress,
      this.packer,
      this.unpacker,
      this.keeper,
    ];
  }
}
