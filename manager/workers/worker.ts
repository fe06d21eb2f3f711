/**
 * The life of one worker: boot, steps, and either its sealing or its end.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import type { EgressRule } from "../../src/shared/network/egress_rule.ts";
import type {
  MethodParams,
  MethodResult,
  Usage,
} from "../../src/shared/rpc/protocol.ts";
import { waitForDevice } from "../system/attached_device.ts";
import { type BuildVerdict, violation } from "../builds/build_verdict.ts";
import type { Share } from "../builds/capacity.ts";
import type { OpenEgress } from "../egress/gateway.ts";
import { type Watch, watchWorker } from "../limits/watchdog.ts";
import type { LogSink } from "./log_pump.ts";
import { attachedDiskPath } from "../system/paths.ts";
import {
  listSourcesScript,
  MAX_SOURCES_BYTES,
  parseSources,
} from "./repositories.ts";
import type { RestingWorkers } from "./resting_workers.ts";
import type { RunnerConnection } from "./runner_connection.ts";
import { bootAndSave } from "./save_worker.ts";
import type { SavedState } from "./saved_states.ts";
import { composeStep, type Step, type StepScript } from "./steps.ts";
import { withTimeout } from "../system/waiting.ts";
import { setTimeScript } from "./wake.ts";
import {
  WAKE_TIMEOUT_SECONDS,
  WorkerBody,
  type WorkerSurroundings,
} from "./worker_body.ts";
import type { WorkerPlan } from "./worker_plan.ts";

/** How long a worker may take to shut down when it is sealed. */
const SHUTDOWN_TIMEOUT_SECONDS = 180;

/** Of a worker that never was. */
const NOTHING_USED: Usage = {
  cpuSeconds: 0,
  peakMemoryBytes: 0,
  diskBytes: 0,
  memoryKills: 0,
};

/** Whether a worker was there, or had to boot. */
export type WorkerOrigin = MethodResult<"worker.boot">["origin"];

/** What the host asks for. */
export type WorkerSettings =
  & Omit<MethodParams<"worker.boot">, "build" | "sealable">
  /** Kinds of workers that are kept booted; with 0 this one can be sealed. */
  & { readyWorkers: number };

/** One worker; whoever creates it must call `destroy` in the end. */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #share: Share;
  readonly #shared: WorkerSurroundings & { resting: RestingWorkers };
  readonly #verdict: BuildVerdict;
  readonly #openEgress: OpenEgress;
  readonly #abort = new AbortController();
  /** How much later it is for the host than for the manager. */
  readonly #clockOffsetMs: number;
  #booting: Promise<WorkerOrigin> | undefined;
  #destroyed: Promise<Usage> | undefined;
  #body: WorkerBody | undefined;
  #watch: Watch | undefined;
  #stepRuns = false;
  #poweredOff = false;

  constructor(
    readonly id: string,
    settings: WorkerSettings,
    share: Share,
    shared: WorkerSurroundings & { resting: RestingWorkers },
    verdict: BuildVerdict,
    openEgress: OpenEgress,
  ) {
    this.#settings = settings;
    this.#share = share;
    this.#shared = shared;
    this.#verdict = verdict;
    this.#openEgress = openEgress;
    this.#clockOffsetMs = settings.seconds * 1000 - Date.now();
  }

  /** Starts the worker and waits until its runner is ready. */
  boot(): Promise<WorkerOrigin> {
    return this.#booting ??= this.#boot();
  }

  /** Plugs the disk into the worker that the host attached to the manager. */
  async plug(serial: string): Promise<void> {
    const device = attachedDiskPath(serial);
    await waitForDevice(device);
    await this.#ownBody.machine.plug(device);
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
    const { network } = this.#ownBody;
    if (network === undefined) {
      if (rules.length === 0) return;
      throw new AgentError("no-capacity", "The worker has no network card");
    }
    await network.allow(rules);
  }

  /** Shuts down cleanly; nothing more can be found against the worker then. */
  async poweroff(): Promise<void> {
    const runner = this.#readyRunner();
    const { machine } = this.#ownBody;
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
  async seal(key: string): Promise<{ usage: Usage; seal: string | null }> {
    const { base, readyWorkers } = this.#settings;
    if ("prepared" in base || readyWorkers > 0) {
      throw new AgentError("seal-failed", "The worker is not a pristine one");
    }
    if (!this.#poweredOff) {
      throw new AgentError("seal-failed", "The worker has not shut down");
    }
    if (this.#verdict.found) throw violation();
    const { overlay } = this.#ownBody.machine;
    const { cache } = this.#shared;
    const seal = await cache.addPrepared(key, base.image, overlay);
    return { usage: await this.destroy(), seal };
  }

  /** Ends the worker, whatever it does, and removes all that it had. Never fails. */
  destroy(): Promise<Usage> {
    return this.#destroyed ??= this.#destroy();
  }

  get #ownBody(): WorkerBody {
    if (this.#body === undefined) {
      throw new AgentError("busy", "The worker is not ready");
    }
    return this.#body;
  }

  get #plan(): WorkerPlan {
    const { base, diskBytes, network } = this.#settings;
    const { cpus, memoryBytes } = this.#share;
    const hasNetwork = network !== null;
    return { base, cpus, memoryBytes, diskBytes, hasNetwork };
  }

  async #boot(): Promise<WorkerOrigin> {
    if (this.#settings.readyWorkers > 0) {
      const resting = await this.#shared.resting.take(
        this.#plan,
        this.#abort.signal,
      );
      if (resting !== undefined) {
        this.#adopt(resting);
        if (await this.#tryToWake(resting)) return "ready";
      }
      const body = await this.#createBody();
      const saved = await this.#findSaved(body);
      if (saved !== undefined) {
        if (await this.#tryClone(body, saved)) {
          this.#shared.resting.plan(this.#plan);
          return saved.fresh ? "booted" : "ready";
        }
        saved.reject();
      }
    }
    await this.#bootOwn(this.#body ?? await this.#createBody());
    return "booted";
  }

  async #createBody(): Promise<WorkerBody> {
    const body = await WorkerBody.create(this.#shared, this.#plan);
    this.#adopt(body);
    return body;
  }

  /** What the body does is this build's from now on. */
  #adopt(body: WorkerBody): void {
    this.#body = body;
    const { attempts, budget } = this.#verdict;
    body.network?.assign({
      open: this.#openEgress,
      budget,
      learn: this.#settings.network?.learn ?? false,
      onAttempt: (attempt, times) => attempts.add(attempt, times),
    });
  }

  /** Finds or makes a saved worker that this one can be a clone of. */
  async #findSaved(body: WorkerBody): Promise<SavedState | undefined> {
    const { diskBytes, bootTimeoutSeconds, readyWorkers } = this.#settings;
    const { paths, cache, saved } = this.#shared;
    return await saved.take(
      body.kind,
      readyWorkers,
      () =>
        bootAndSave({
          ...{ paths, disk: cache, diskBytes, bootTimeoutSeconds },
          base: body.base,
          machine: body.machineSettings,
          network: body.network,
          signal: this.#abort.signal,
        }),
      this.#abort.signal,
    );
  }

  async #tryClone(body: WorkerBody, saved: SavedState): Promise<boolean> {
    try {
      await body.clone(saved);
    } catch (error) {
      return await this.#giveUp(error);
    }
    return await this.#tryToWake(body);
  }

  /** Lets a clone that rests run; without it, another way must be found. */
  async #tryToWake(body: WorkerBody): Promise<boolean> {
    try {
      await this.#judgeNetwork();
      await body.machine.startCounting();
      this.#startWatch();
      this.#abort.signal.throwIfAborted();
      if (body.session === undefined) await body.wake(this.#abort.signal);
      else await body.machine.resume();
      await this.#setTime(body);
      return true;
    } catch (error) {
      return await this.#giveUp(error);
    }
  }

  /**
   * Goes on without the body, unless the build is over.
   *
   * @returns false
   */
  async #giveUp(cause: unknown): Promise<false> {
    if (this.#abort.signal.aborted || this.#verdict.found) throw cause;
    console.error(`worker ${this.id}: cannot clone:`, cause);
    const body = this.#ownBody;
    await body.machine.end();
    await this.#settle();
    this.#body = undefined;
    await body.close();
    return false;
  }

  async #bootOwn(body: WorkerBody): Promise<void> {
    await this.#judgeNetwork();
    this.#abort.signal.throwIfAborted();
    await body.boot();
    this.#startWatch();
    await body.connect(
      this.#settings.bootTimeoutSeconds,
      this.#abort.signal,
    );
    await this.#setTime(body);
  }

  async #judgeNetwork(): Promise<void> {
    const rules = this.#settings.network?.rules;
    if (rules) await this.#ownBody.network?.allow(rules);
  }

  /** Watches what the worker uses until it is gone. */
  #startWatch(): void {
    const { machine } = this.#ownBody;
    this.#share.disk.measureBy(() => machine.measureDiskBytes());
    this.#watch = watchWorker({
      budget: this.#verdict.budget,
      cpus: this.#share.cpus,
      diskLimitBytes: this.#settings.diskBytes,
      measureCpuSeconds: () => machine.measureCpuSeconds(),
      measureDiskBytes: () => machine.measureDiskBytes(),
    });
  }

  /** What is left to be found once the worker runs no more. */
  async #settle(): Promise<void> {
    await this.#watch?.stop();
    await this.#body?.network?.settle();
  }

  async #setTime({ session }: WorkerBody): Promise<void> {
    const seconds = (Date.now() + this.#clockOffsetMs) / 1000;
    await session!.runOwn(setTimeScript(seconds), WAKE_TIMEOUT_SECONDS);
  }

  #readyRunner(): RunnerConnection {
    const { session } = this.#ownBody;
    if (session === undefined) {
      throw new AgentError("busy", "The worker is not ready");
    }
    return session.runner;
  }

  async #runScripts(
    scripts: readonly StepScript[],
    sink: LogSink,
  ): Promise<number> {
    const runner = this.#readyRunner();
    if (this.#stepRuns) throw new AgentError("busy", "A step runs already");
    this.#stepRuns = true;
    const log = this.#ownBody.session?.log;
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
      if (this.#destroyed === undefined) await this.#ownBody.machine.end();
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
    const detail = (await this.#ownBody.machine.consoleTail()).trim();
    if (detail === "") return error;
    return new AgentError(error.code, error.message, { cause: error, detail });
  }

  async #destroy(): Promise<Usage> {
    this.#abort.abort(
      new AgentError("worker-died", "The worker was destroyed"),
    );
    if (this.#verdict.found) await this.#body?.machine.freeze();
    // Whoever waits for it need not wait until it is gone.
    this.#body?.session?.close();
    const log = (error: unknown) =>
      console.error(`worker ${this.id}: cannot end:`, error);
    if (this.#body?.machine.isFrozen) await this.#body.machine.end().catch(log);
    await this.#booting?.catch(() => {});
    const body = this.#body;
    if (body === undefined) return NOTHING_USED;
    const { machine } = body;
    await machine.measure().catch(log);
    await machine.end().catch(log);
    await this.#settle().catch(log);
    await body.close().catch(log);
    return machine.usage;
  }
}
