/**
 * Shares the manager's processors, memory and disk out among builds.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import type { WorkerDemand } from "../../src/shared/rpc/protocol.ts";
import type { DiskClaim } from "../images/disk_claims.ts";

/** Kept for the manager's own system and the agent. */
const OWN_BYTES = 256 * 1024 ** 2;

/** What a worker's QEMU takes beyond the worker's memory. */
const QEMU_BYTES = 128 * 1024 ** 2;

/** @throws {AgentError} `no-capacity` */
type ClaimDisk = (bytes: number) => Promise<DiskClaim>;

/** What the workers of one build get, one worker at a time. */
export interface Share {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly disk: DiskClaim;
  /** Gives it back; nothing happens the second time. */
  release(): void;
}

/** Refuses builds whose workers would not fit beside those under way. */
export class Capacity {
  readonly #cpus: number;
  readonly #claimDisk: ClaimDisk;
  #free: number;

  constructor(cpus: number, memoryBytes: number, claimDisk: ClaimDisk) {
    this.#cpus = cpus;
    this.#claimDisk = claimDisk;
    this.#free = memoryBytes - OWN_BYTES;
  }

  /** Whether so much memory is free for a worker that no build has. */
  hasRoom(memoryBytes: number): boolean {
    return memoryBytes + QEMU_BYTES <= this.#free;
  }

  /** @throws {AgentError} `no-capacity` */
  async reserve(
    {
      maxCpus = this.#cpus,
      cpus = Math.min(this.#cpus, maxCpus),
      memoryBytes,
      diskBytes,
    }: WorkerDemand,
  ): Promise<Share> {
    if (cpus > this.#cpus) {
      throw noCapacity(
        `The manager has ${this.#cpus} CPUs, not the worker's ${cpus}`,
      );
    }
    const taken = memoryBytes + QEMU_BYTES;
    if (taken > this.#free) {
      const free = Math.max(0, this.#free - QEMU_BYTES);
      throw noCapacity(
        `The manager has no memory for a worker of ${mebibytes(memoryBytes)}: ${
          mebibytes(free)
        } are free beside the builds under way`,
      );
    }
    this.#free -= taken;
    let held = true;
    const releaseMemory = () => {
      if (held) this.#free += taken;
      held = false;
    };
    try {
      const disk = await this.#claimDisk(diskBytes);
      const release = () => {
        releaseMemory();
        disk.release();
      };
      return { cpus, memoryBytes, disk, release };
    } catch (error) {
      releaseMemory();
      throw error;
    }
  }
}

function noCapacity(message: string): AgentError {
  return new AgentError("no-capacity", message);
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}
