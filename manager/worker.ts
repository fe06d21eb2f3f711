/**
 * The life of one worker: boot, steps, and either its sealing or its end.
 *
 * @module
 */

import { AgentError } from "../src/rpc/peer.ts";
import type {
  EgressRule,
  MethodParams,
  MethodResult,
  Usage,
  WorkerNetworkSettings,
} from "../src/rpc/protocol.ts";
import { type BuildVerdict, violation } from "./build_verdict.ts";
import type { Share } from "./capacity.ts";
import { createOverlay } from "./disk_image.ts";
import type { OpenEgress } from "./egress/gateway.ts";
import type { Network } from "./egress/network.ts";
import { WorkerNetwork } from "./egress/worker_network.ts";
import {
  type BaseImage,
  type BaseName,
  type ImageCache,
  waitForDevices,
} from "./image_cache.ts";
import { type Watch, watchWorker } from "./limits/watchdog.ts";
import type { LogSink } from "./log_pump.ts";
import { type AgentPaths, attachedDiskPath } from "./paths.ts";
import {
  listSourcesScript,
  MAX_SOURCES_BYTES,
  parseSources,
} from "./repositories.ts";
import type { RunnerConnection } from "./runner_connection.ts";
import { RunnerSession } from "./runner_session.ts";
import { bootAndSave } from "./save_worker.ts";
import type { SavedState, SavedStates } from "./saved_states.ts";
import { composeStep, type Step, type StepScript } from "./steps.ts";
import { withTimeout } from "./waiting.ts";
import { STATUS_NOT_RENEWED, wakeScript } from "./wake.ts";
import { type MachineSettings, WorkerMachine } from "./worker_machine.ts";

/** How long a worker may take to shut down when it is sealed. */
const SHUTDOWN_TIMEOUT_SECONDS = 180;

/** How long a clone may take until its runner is ready. */
const CLONE_TIMEOUT_SECONDS = 30;

/** What all workers share. */
export interface WorkerSurroundings {
  paths: AgentPaths;
  cache: ImageCache;
  saved: SavedStates;
  network: Network;
}

/** Whether a worker was there, or had to boot. */
export type WorkerOrigin = MethodResult<"worker.boot">["origin"];

/** What the host asks for. */
export type WorkerSettings = Omit<MethodParams<"worker.boot">, "build">;

/** One worker; whoever creates it must call `destroy` in the end. */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #share: Share;
  readonly #shared: WorkerSurroundings;
  readonly #verdict: BuildVerdict;
  readonly #openEgress: OpenEgress;
  readonly #machine: WorkerMachine;
  readonly #abort = new AbortController();
  /** Undoes what was done, the last first. */
  readonly #cleanUps: (() => void | Promise<void>)[] = [];
  /** How much later it is for the host than for the manager. */
  readonly #clockOffsetMs: number;
  #booting: Promise<WorkerOrigin> | undefined;
  #destroyed: Promise<Usage> | undefined;
  #session: RunnerSession | undefined;
  #network: WorkerNetwork | undefined;
  #watch: Watch | undefined;
  #stepRuns = false;
  #poweredOff = false;

  constructor(
    readonly id: string,
    settings: WorkerSettings,
    share: Share,
    shared: WorkerSurroundings,
    verdict: BuildVerdict,
    openEgress: OpenEgress,
  ) {
    this.#settings = settings;
    this.#share = share;
    this.#shared = shared;
    this.#verdict = verdict;
    this.#openEgress = openEgress;
    this.#machine = new WorkerMachine(id, shared.paths);
    this.#clockOffsetMs = settings.seconds * 1000 - Date.now();
  }

  /** Starts the worker and waits until its runner is ready. */
  boot(): Promise<WorkerOrigin> {
    return this.#booting ??= this.#boot();
  }

  /** Plugs disks into the worker that the host attached to the manager. */
  async plug(disks: MethodParams<"worker.plug">["disks"]): Promise<void> {
    const found = disks.map(({ serial, role }) => ({
      role,
      device: attachedDiskPath(serial),
    }));
    await waitForDevices(found.map(({ device }) => device));
    for (const disk of found) await this.#machine.plug(disk);
  }

  /** Runs a step; returns the exit status of its first script that fails. */
  async run(step: Step, sink: LogSink): Promise<number> {
    return await this.#runScripts(composeStep(step), sink);
  }

  /** Reads which package repositories the worker is set up for. */
  async repositories(): Promise<EgressRule[]> {
    const decoder = new TextDecoder();
    let text = "";
    await this.#runScripts(
      [{ user: "root", script: listSourcesScript }],
      (bytes) => {
        if (text.length < MAX_SOURCES_BYTES) {
          text += decoder.decode(bytes, { stream: true });
        }
        return Promise.resolve(true);
      },
    );
    return parseSources(text);
  }

  /** Replaces the worker's allowlist. */
  async allow(rules: readonly EgressRule[]): Promise<void> {
    if (this.#network === undefined) {
      if (rules.length === 0) return;
      throw new AgentError("no-capacity", "The worker has no network card");
    }
    await this.#network.allow(rules);
  }

  /** Shuts down cleanly; nothing more can be found against the worker then. */
  async poweroff(): Promise<void> {
    const runner = this.#readyRunner();
    const machine = this.#machine;
    await machine.measure();
    await runner.poweroff();
    const gone = await withTimeout(runner.ended, SHUTDOWN_TIMEOUT_SECONDS) &&
      await machine.waitUntilGone(SHUTDOWN_TIMEOUT_SECONDS);
    if (!gone) {
      throw new AgentError("seal-failed", "The worker does not shut down", {
        detail: await machine.consoleTail(),
      });
    }
    await this.#settle();
    this.#poweredOff = true;
  }

  /** Keeps the disk of a worker that has shut down as a prepared image. */
  async seal(key: string): Promise<Usage> {
    const { base, readyWorkers } = this.#settings;
    if ("prepared" in base || readyWorkers > 0) {
      throw new AgentError("seal-failed", "The worker is not a pristine one");
    }
    if (!this.#poweredOff) {
      throw new AgentError("seal-failed", "The worker has not shut down");
    }
    if (this.#verdict.found) throw violation();
    const machine = this.#machine;
    await this.#shared.cache.addPrepared(key, base.image, machine.overlay);
    return await this.destroy();
  }

  /** Ends the worker, whatever it does, and removes all that it had. */
  destroy(): Promise<Usage> {
    return this.#destroyed ??= this.#destroy();
  }

  get #base(): BaseName {
    return this.#settings.base;
  }

  async #boot(): Promise<WorkerOrigin> {
    const { cache } = this.#shared;
    const base = await cache.acquire(this.#base);
    this.#cleanUps.push(() => cache.release(this.#base));
    await cache.makeRoom(0);
    await this.#machine.makeDirectories();
    this.#cleanUps.push(() => this.#machine.removeDirectories());
    if (this.#settings.network !== null) {
      await this.#startNetwork(this.#settings.network);
    }
    const saved = await this.#findSaved(base);
    if (saved !== undefined && await this.#tryClone(base, saved)) {
      return saved.fresh ? "booted" : "ready";
    }
    await this.#bootOwn(base);
    return "booted";
  }

  get #machineSettings(): Omit<MachineSettings, "backing"> {
    const { cpus, memoryBytes } = this.#share;
    return {
      cpus,
      memoryBytes,
      ...(this.#network && { network: this.#network.card }),
    };
  }

  /** Finds or makes a saved worker that this one can be a clone of. */
  async #findSaved(base: BaseImage): Promise<SavedState | undefined> {
    const { diskBytes, bootTimeoutSeconds, readyWorkers } = this.#settings;
    const { cpus, memoryBytes } = this.#share;
    const { image, prepared } = this.#base;
    const network = this.#network;
    const kind = {
      ...{ image, prepared, cpus, memoryBytes, diskBytes },
      link: network?.link ?? null,
    };
    const saved = await this.#shared.saved.take(
      kind,
      readyWorkers,
      () =>
        bootAndSave({
          paths: this.#shared.paths,
          cache: this.#shared.cache,
          base,
          machine: this.#machineSettings,
          diskBytes,
          bootTimeoutSeconds,
          limits: this.#verdict.budget.limits,
          isQuiet: () => network?.isQuiet() ?? Promise.resolve(true),
          signal: this.#abort.signal,
        }),
      this.#abort.signal,
    );
    if (saved !== undefined) this.#cleanUps.push(() => saved.release());
    return saved;
  }

  /** Starts as a clone; if that fails, a worker of one's own can be booted. */
  async #tryClone(base: BaseImage, saved: SavedState): Promise<boolean> {
    const machine = this.#machine;
    try {
      const overlay = { file: saved.files.overlay, format: "qcow2" } as const;
      await Deno.copyFile(saved.files.cloneOverlay, machine.overlay);
      await machine.restore(
        { ...this.#machineSettings, backing: [overlay, ...base.chain] },
        saved.files,
      );
      await this.#judgeNetwork();
      this.#startWatch();
      this.#abort.signal.throwIfAborted();
      await machine.resume();
      await this.#connect(CLONE_TIMEOUT_SECONDS);
      await this.#wake(true);
      return true;
    } catch (error) {
      if (this.#abort.signal.aborted || this.#verdict.found) throw error;
      console.error(`worker ${this.id}: cannot clone:`, error);
      saved.reject();
      await machine.end();
      await this.#watch?.stop();
      this.#session?.close();
      await machine.removeDirectories();
      await machine.makeDirectories();
      return false;
    }
  }

  async #bootOwn(base: BaseImage): Promise<void> {
    const machine = this.#machine;
    await createOverlay(machine.overlay, base, this.#settings.diskBytes);
    await this.#judgeNetwork();
    this.#abort.signal.throwIfAborted();
    await machine.start({ ...this.#machineSettings, backing: base.chain });
    this.#startWatch();
    await this.#connect(this.#settings.bootTimeoutSeconds);
    await this.#wake(false);
  }

  /** Nothing can be reached yet, and nothing is held against the worker. */
  async #startNetwork({ learn }: WorkerNetworkSettings): Promise<void> {
    const { attempts, budget } = this.#verdict;
    const network = await WorkerNetwork.start({
      network: this.#shared.network,
      open: this.#openEgress,
      budget,
      learn,
      onAttempt: (attempt, times) => attempts.add(attempt, times),
    });
    if (network === undefined) {
      throw new AgentError("no-capacity", "All network links are taken");
    }
    this.#network = network;
    this.#cleanUps.push(() => network.close());
  }

  async #judgeNetwork(): Promise<void> {
    const rules = this.#settings.network?.rules;
    if (rules) await this.#network?.allow(rules);
  }

  /** Watches what the worker uses until it is gone. */
  #startWatch(): void {
    this.#watch = watchWorker({
      budget: this.#verdict.budget,
      cpus: this.#share.cpus,
      diskLimitBytes: this.#settings.diskBytes,
      measureCpuSeconds: () => this.#machine.measureCpuSeconds(),
      measureDiskBytes: () => this.#machine.measureDiskBytes(),
    });
  }

  /** What is left to be found once the worker runs no more. */
  async #settle(): Promise<void> {
    await this.#watch?.stop();
    await this.#network?.settle();
  }

  /** Waits until the runner is ready. */
  async #connect(timeoutSeconds: number): Promise<void> {
    const session = await RunnerSession.connect(this.#machine);
    this.#cleanUps.push(() => session.close());
    this.#session = session;
    await session.ready(timeoutSeconds, this.#abort.signal);
  }

  async #wake(cloned: boolean): Promise<void> {
    const seconds = (Date.now() + this.#clockOffsetMs) / 1000;
    const script = wakeScript({ cloned, seconds });
    const status = await this.#readyRunner().run("root", script);
    if (status === 0) return;
    throw new AgentError(
      "boot-failed",
      status === STATUS_NOT_RENEWED
        ? "The worker's kernel does not renew its random numbers"
        : `The worker does not wake: exit status ${status}`,
    );
  }

  #readyRunner(): RunnerConnection {
    if (this.#session === undefined) {
      throw new AgentError("busy", "The worker is not ready");
    }
    return this.#session.runner;
  }

  async #runScripts(
    scripts: readonly StepScript[],
    sink: LogSink,
  ): Promise<number> {
    const runner = this.#readyRunner();
    if (this.#stepRuns) throw new AgentError("busy", "A step runs already");
    this.#stepRuns = true;
    const log = this.#session?.log;
    log?.direct(sink);
    try {
      let status = 0;
      for (const { user, script } of scripts) {
        status = await runner.run(user, script);
        if (status !== 0) break;
      }
      return status;
    } catch (error) {
      // A runner that breaks the protocol says nothing more that counts.
      if (this.#destroyed === undefined) await this.#machine.end();
      throw await this.#explain(error);
    } finally {
      await log?.drained();
      log?.direct(undefined);
      this.#stepRuns = false;
    }
  }

  /** Of a worker that ended by itself, its console may tell why. */
  async #explain(error: unknown): Promise<unknown> {
    if (!(error instanceof AgentError) || error.code !== "worker-died") {
      return error;
    }
    const detail = (await this.#machine.consoleTail()).trim();
    if (detail === "") return error;
    return new AgentError(error.code, error.message, { cause: error, detail });
  }

  async #destroy(): Promise<Usage> {
    this.#abort.abort(
      new AgentError("worker-died", "The worker was destroyed"),
    );
    if (this.#verdict.found && await this.#machine.freeze()) {
      // Whoever waits for it need not wait until it is gone.
      this.#session?.close();
    }
    await this.#booting?.catch(() => {});
    await this.#machine.measure();
    await this.#machine.end();
    await this.#settle().catch((error) =>
      console.error(`worker ${this.id}: cannot settle:`, error)
    );
    for (const cleanUp of this.#cleanUps.reverse()) {
      try {
        await cleanUp();
      } catch (error) {
        console.error(`worker ${this.id}: cannot clean up:`, error);
      }
    }
    return this.#machine.usage;
  }
}
