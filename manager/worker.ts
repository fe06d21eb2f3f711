/**
 * The life of one worker: boot, steps, and either its sealing or its end.
 *
 * @module
 */

import { AgentError } from "../src/rpc/peer.ts";
import type {
  EgressRule,
  MethodParams,
  Usage,
  WorkerNetworkSettings,
} from "../src/rpc/protocol.ts";
import { type BuildVerdict, violation } from "./build_verdict.ts";
import type { Share } from "./capacity.ts";
import { createOverlay } from "./disk_image.ts";
import type { WorkerDisk } from "./domain_xml.ts";
import type { OpenEgress } from "./egress/gateway.ts";
import type { Network } from "./egress/network.ts";
import { WorkerNetwork } from "./egress/worker_network.ts";
import {
  type BaseName,
  type ImageCache,
  waitForDevices,
} from "./image_cache.ts";
import { type Watch, watchWorker } from "./limits/watchdog.ts";
import { LogPump, type LogSink } from "./log_pump.ts";
import { type AgentPaths, attachedDiskPath } from "./paths.ts";
import {
  listSourcesScript,
  MAX_SOURCES_BYTES,
  parseSources,
} from "./repositories.ts";
import { RunnerConnection } from "./runner_connection.ts";
import { composeStep, type Step, type StepScript } from "./steps.ts";
import { WorkerMachine } from "./worker_machine.ts";

/** How long a worker may take to shut down when it is sealed. */
const SHUTDOWN_TIMEOUT_SECONDS = 180;

/** What all workers share. */
export interface WorkerSurroundings {
  paths: AgentPaths;
  cache: ImageCache;
  network: Network;
}

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
  #booting: Promise<void> | undefined;
  #destroyed: Promise<Usage> | undefined;
  #runner: RunnerConnection | undefined;
  #log: LogPump | undefined;
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
  }

  /** Boots the worker and waits until its runner is ready. */
  boot(): Promise<void> {
    return this.#booting ??= this.#boot();
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
    const { base } = this.#settings;
    if ("prepared" in base) {
      throw new AgentError("seal-failed", "The worker is a prepared one");
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

  async #boot(): Promise<void> {
    const { cache } = this.#shared;
    const base = await cache.acquire(this.#base);
    this.#cleanUps.push(() => cache.release(this.#base));
    await cache.makeRoom(0);
    await this.#makeDirectories();
    await createOverlay(this.#machine.overlay, base, this.#settings.diskBytes);
    const disks = await this.#findDisks();
    if (this.#settings.network !== null) {
      await this.#startNetwork(this.#settings.network);
    }
    this.#abort.signal.throwIfAborted();
    await this.#machine.start({
      cpus: this.#share.cpus,
      memoryBytes: this.#share.memoryBytes,
      backing: base.chain,
      disks,
      ...(this.#network && { network: this.#network.card }),
    });
    this.#startWatch();
    await this.#connect();
    await this.#waitForRunner();
  }

  async #makeDirectories(): Promise<void> {
    const machine = this.#machine;
    for (const path of [machine.stateDirectory, machine.runtimeDirectory]) {
      await Deno.mkdir(path, { recursive: true, mode: 0o711 });
      this.#cleanUps.push(() => Deno.remove(path, { recursive: true }));
    }
  }

  async #findDisks(): Promise<WorkerDisk[]> {
    const disks = this.#settings.disks.map(({ serial, role }) => ({
      role,
      device: attachedDiskPath(serial),
    }));
    if (disks.length > 0) {
      await waitForDevices(disks.map(({ device }) => device));
    }
    return disks;
  }

  async #startNetwork(
    { rules, learn }: WorkerNetworkSettings,
  ): Promise<void> {
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
    if (rules !== null) await network.allow(rules);
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

  async #connect(): Promise<void> {
    const log = await this.#machine.connect("log");
    this.#cleanUps.push(() => log.close());
    this.#log = new LogPump(log);
    const runner = new RunnerConnection(
      await this.#machine.connect("control"),
    );
    this.#cleanUps.push(() => runner.close());
    this.#runner = runner;
  }

  async #waitForRunner(): Promise<void> {
    const seconds = this.#settings.bootTimeoutSeconds;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(this.#abort.signal.reason);
    this.#abort.signal.addEventListener("abort", abort);
    try {
      this.#abort.signal.throwIfAborted();
      const ready = await Promise.race([
        withTimeout(this.#readyRunner().ready(), seconds),
        aborted.promise,
      ]);
      if (!ready) {
        throw await this.#machine.bootFailure(
          `The worker's runner is not ready after ${seconds} s`,
        );
      }
    } catch (error) {
      if (error instanceof AgentError && error.code === "worker-died") {
        throw await this.#machine.bootFailure(
          "The worker ended while it booted",
          error,
        );
      }
      throw error;
    } finally {
      this.#abort.signal.removeEventListener("abort", abort);
    }
  }

  #readyRunner(): RunnerConnection {
    if (this.#runner === undefined) {
      throw new AgentError("busy", "The worker is not ready");
    }
    return this.#runner;
  }

  async #runScripts(
    scripts: readonly StepScript[],
    sink: LogSink,
  ): Promise<number> {
    const runner = this.#readyRunner();
    if (this.#stepRuns) throw new AgentError("busy", "A step runs already");
    this.#stepRuns = true;
    this.#log?.direct(sink);
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
      await this.#log?.drained();
      this.#log?.direct(undefined);
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
      this.#runner?.close();
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

/** Whether the promise resolved in time; its error is thrown. */
async function withTimeout(
  promise: Promise<unknown>,
  seconds: number,
): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), seconds * 1000);
  try {
    return await Promise.race([promise.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
