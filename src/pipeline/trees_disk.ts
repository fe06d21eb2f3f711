import { type BuildJob, diskSerial, treesDiskPath } from "./job.ts";
import type { Host } from "./ports.ts";

/** The disk on which a build's trees travel, and the new workspace comes back. */
export class TreesDisk {
  readonly #build: string;
  readonly #host: Host;
  readonly path: string;
  readonly serial: string;
  #isAttached = false;

  constructor(job: Pick<BuildJob, "id" | "staging">, host: Host) {
    this.#build = job.id;
    this.#host = host;
    this.path = treesDiskPath(job.staging);
    this.serial = diskSerial(job, "trees");
  }

  /** Plugs it into the manager. */
  async attach(signal: AbortSignal): Promise<void> {
    await this.#host.attachDisk({
      build: this.#build,
      path: this.path,
      serial: this.serial,
      readOnly: false,
    }, signal);
    this.#isAttached = true;
  }

  /** Takes it out of the manager, if it is there. */
  async detach(): Promise<void> {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    await this.#host.detachDisk(this.serial);
  }
}
