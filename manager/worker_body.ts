/**
 * What a worker consists of before it is any build's: a machine with its disk
 * and, if it is to have one, a network on which nothing can be reached.
 *
 * @module
 */

import { createOverlay } from "./disk_image.ts";
import type { Network } from "./egress/network.ts";
import { WorkerNetwork } from "./egress/worker_network.ts";
import type { BaseImage, BaseName, ImageCache } from "./image_cache.ts";
import type { AgentPaths } from "./paths.ts";
import type { SavedState, SavedStates, WorkerKind } from "./saved_states.ts";
import { newWorkerId } from "./worker_id.ts";
import { type MachineSettings, WorkerMachine } from "./worker_machine.ts";

/** What all workers share. */
export interface WorkerSurroundings {
  paths: AgentPaths;
  cache: ImageCache;
  saved: SavedStates;
  network: Network;
}

/** What a body is to be like. */
export interface BodyPlan {
  base: BaseName;
  cpus: number;
  memoryBytes: number;
  /** The limit of the root disk. */
  diskBytes: number;
  hasNetwork: boolean;
}

/** One body; whoever has it must call `close` in the end. */
export class WorkerBody {
  readonly machine: WorkerMachine;
  readonly base: BaseImage;
  readonly network: WorkerNetwork | undefined;
  readonly #plan: BodyPlan;
  readonly #held: AsyncDisposableStack;

  private constructor(
    plan: BodyPlan,
    machine: WorkerMachine,
    base: BaseImage,
    network: WorkerNetwork | undefined,
    held: AsyncDisposableStack,
  ) {
    this.#plan = plan;
    this.machine = machine;
    this.base = base;
    this.network = network;
    this.#held = held;
  }

  /** @throws {AgentError} `unknown-image`, `disk-full` or `no-capacity` */
  static async create(
    { cache, paths, network: links }: WorkerSurroundings,
    plan: BodyPlan,
  ): Promise<WorkerBody> {
    await using stack = new AsyncDisposableStack();
    const base = await cache.acquire(plan.base);
    stack.defer(() => cache.release(plan.base));
    await cache.makeRoom(0);
    const machine = new WorkerMachine(newWorkerId(), paths);
    await machine.makeDirectories();
    stack.defer(() => machine.removeDirectories());
    const network = plan.hasNetwork
      ? await WorkerNetwork.start(links)
      : undefined;
    if (network !== undefined) stack.defer(() => network.close());
    return new WorkerBody(plan, machine, base, network, stack.move());
  }

  /** The kind of saved worker that this body can start from. */
  get kind(): WorkerKind {
    const { base, cpus, memoryBytes, diskBytes } = this.#plan;
    return {
      ...{ image: base.image, prepared: base.prepared },
      ...{ cpus, memoryBytes, diskBytes },
      link: this.network?.link ?? null,
    };
  }

  get machineSettings(): Omit<MachineSettings, "backing"> {
    const { cpus, memoryBytes } = this.#plan;
    return {
      ...{ cpus, memoryBytes },
      ...(this.network && { network: this.network.card }),
    };
  }

  /** Boots from nothing. @throws {AgentError} `boot-failed` */
  async boot(): Promise<void> {
    const { machine, base } = this;
    await createOverlay(machine.overlay, base, this.#plan.diskBytes);
    await machine.start({ ...this.machineSettings, backing: base.chain });
  }

  /**
   * Starts as a clone, which rests until it is resumed. The saved worker is held
   * until the body is closed.
   *
   * @throws {AgentError} `boot-failed`
   */
  async clone(saved: SavedState): Promise<void> {
    const { machine, base } = this;
    const { files } = saved;
    this.#held.defer(() => saved.release());
    await Deno.copyFile(files.cloneOverlay, machine.overlay);
    await machine.restore({
      ...this.machineSettings,
      backing: [{ file: files.overlay, format: "qcow2" }, ...base.chain],
    }, files);
  }

  /** Ends the machine and removes all that it had. */
  async close(): Promise<void> {
    try {
      await this.machine.end();
    } finally {
      await this.#held.disposeAsync();
    }
  }
}

/** Starts a clone that rests; undefined if nothing of its kind was saved. */
export async function startResting(
  surroundings: WorkerSurroundings,
  plan: BodyPlan,
): Promise<WorkerBody | undefined> {
  const body = await WorkerBody.create(surroundings, plan);
  const saved = surroundings.saved.find(body.kind);
  try {
    if (saved !== undefined) {
      await body.clone(saved);
      return body;
    }
  } catch (error) {
    await body.close();
    throw error;
  }
  await body.close();
  return undefined;
}
