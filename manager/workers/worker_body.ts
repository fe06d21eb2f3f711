/**
 * What a worker consists of before it is any build's: a machine with its disk
 * and, if it is to have one, a network on which nothing can be reached.
 *
 * @module
 */

import { createOverlay } from "../images/disk_image.ts";
import type { Network } from "../egress/network.ts";
import { WorkerNetwork } from "../egress/worker_network.ts";
import type { BaseImage, ImageCache } from "../images/image_cache.ts";
import type { AgentPaths } from "../system/paths.ts";
import { RunnerSession } from "./runner_session.ts";
import type { SavedState, SavedStates, WorkerKind } from "./saved_states.ts";
import { rehearseScript, renewScript } from "./wake.ts";
import { type SharedDisk, withUnowned } from "./unowned_worker.ts";
import { newWorkerId } from "./worker_id.ts";
import { type MachineSettings, WorkerMachine } from "./worker_machine.ts";
import type { WorkerPlan } from "./worker_plan.ts";

/** How long a clone may take until its runner is ready. */
const CLONE_TIMEOUT_SECONDS = 30;

/** How long a worker may take for what comes before the first step. */
export const WAKE_TIMEOUT_SECONDS = 60;

/** What all workers share. */
export interface WorkerSurroundings {
  paths: AgentPaths;
  cache: ImageCache;
  saved: SavedStates;
  network: Network;
}

/** One body; whoever has it must call `close` in the end. */
export class WorkerBody {
  readonly machine: WorkerMachine;
  readonly base: BaseImage;
  readonly network: WorkerNetwork | undefined;
  readonly #plan: WorkerPlan;
  readonly #held: AsyncDisposableStack;
  #session: RunnerSession | undefined;

  private constructor(
    plan: WorkerPlan,
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
    plan: WorkerPlan,
  ): Promise<WorkerBody> {
    await using stack = new AsyncDisposableStack();
    const base = await cache.acquire(plan.base);
    stack.defer(() => cache.release(plan.base));
    // What earlier workers left in the cache takes of the room of this one.
    await cache.claims.confirm(() => cache.makeRoom(0));
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
    return { plan: this.#plan, link: this.network?.link ?? null };
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

  /**
   * Waits until the runner is ready; the session ends with the body.
   *
   * @throws {AgentError} `boot-failed`
   */
  async connect(
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<RunnerSession> {
    const session = await RunnerSession.connect(this.machine);
    this.#session = session;
    this.#held.defer(() => session.close());
    await session.ready(timeoutSeconds, signal);
    return session;
  }

  /** The connection to the runner, once there is one. */
  get session(): RunnerSession | undefined {
    return this.#session;
  }

  /** Lets a clone run until it is somebody of its own. */
  async wake(signal: AbortSignal): Promise<void> {
    await this.machine.resume();
    const session = await this.connect(CLONE_TIMEOUT_SECONDS, signal);
    await session.runOwn(renewScript, WAKE_TIMEOUT_SECONDS);
  }

  /** Has a clone do what steps will do, and rest then. */
  async rest(disk: SharedDisk, signal: AbortSignal): Promise<void> {
    const { cpus, memoryBytes, diskBytes } = this.#plan;
    await withUnowned(this.machine, {
      ...{ cpus, memoryBytes, disk, diskBytes, signal },
      network: this.network,
      wallSeconds: CLONE_TIMEOUT_SECONDS + 2 * WAKE_TIMEOUT_SECONDS,
    }, async (signal) => {
      const abort = () => this.#session?.close();
      signal.addEventListener("abort", abort);
      try {
        await this.wake(signal);
        await this.#session!.runOwn(rehearseScript, WAKE_TIMEOUT_SECONDS);
        await this.machine.suspend();
      } finally {
        signal.removeEventListener("abort", abort);
      }
    });
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
  plan: WorkerPlan,
  signal: AbortSignal,
): Promise<WorkerBody | undefined> {
  const body = await WorkerBody.create(surroundings, plan);
  const saved = surroundings.saved.find(body.kind);
  try {
    if (saved !== undefined) {
      await body.clone(saved);
      signal.throwIfAborted();
      await body.rest(surroundings.cache, signal);
      return body;
    }
  } catch (error) {
    await body.close();
    throw error;
  }
  await body.close();
  return undefined;
}
