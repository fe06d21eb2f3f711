import { join } from "node:path";
import type { ProxySettings } from "../egress/proxy_settings.ts";
import type { AutorunProgram } from "../guest/autorun_files.ts";
import type { WorkerStep } from "../guest/manager_session.ts";
import type {
  EgressRule,
  MethodName,
  MethodParams,
  MethodResult,
  Usage,
  WorkerDemand,
} from "../rpc/protocol.ts";
import type { BuildLimits } from "../rpc/verdict.ts";
import type { NetworkEntry } from "../spec/network.ts";
import type { BuildSpec } from "../spec/build_spec.ts";
import type { BuildState } from "./build_state.ts";
import type { BuildEvent, Phase, PhaseOutcome } from "./events.ts";
import type { Judge } from "./judge.ts";
import type { Ports } from "./ports.ts";
import { now, type PhaseClock } from "./phase_clock.ts";
import { addUsage } from "./usage.ts";

/** Everything that the phases of one build work with. */
export interface PipelineParts {
  readonly build: string;
  readonly spec: BuildSpec;
  /** Names, addresses and ranges that may never be reached. */
  readonly denied: readonly string[];
  /** Closed places that may be reached where the rules name them. */
  readonly opened: readonly string[];
  /** What the host dials through. */
  readonly proxy: ProxySettings;
  /** What the playbook may reach besides the image's repositories. */
  readonly addedPrepare: readonly NetworkEntry[];
  /** Programs whose files come back although they run them by themselves. */
  readonly keepAutorun: readonly AutorunProgram[];
  /** Most processors of a worker if the spec does not say how many. */
  readonly maxCpus: number | undefined;
  readonly useCache: boolean;
  /** Directory for the disks that the build hands to the manager. */
  readonly staging: string;
  readonly ports: Ports;
  readonly clock: PhaseClock;
  readonly state: BuildState;
  readonly judge: Judge;
  /** Also reach hosts that no rule allows, and record them. */
  readonly learn: boolean;
  /** The user's interruption. */
  readonly signal: AbortSignal;
  readonly emit: (event: BuildEvent) => void;
}

/** Disks that a build hands to the manager. */
export type BuildDisk = "image" | "trees";

/** Path of the disk with a build's trees in its staging directory. */
export function treesDiskPath(staging: string): string {
  return join(staging, "trees.disk");
}

/** How long the manager may take to end a worker. */
const END_WORKER_TIMEOUT_MS = 60_000;

/** What the phases of a build share: the agent, the log and the clock. */
export class Pipeline {
  readonly #parts: PipelineParts;
  /** The worker that was booted last, unless it has ended. */
  #worker: string | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  get parts(): PipelineParts {
    return this.#parts;
  }

  /** Runs a phase that the manager knows about. */
  async phase(
    phase: Phase,
    work: () => Promise<PhaseOutcome | void>,
  ): Promise<void> {
    const { build, clock } = this.#parts;
    await clock.run(phase, async () => {
      await this.call("build.phase", { build, phase });
      return await work();
    });
  }

  /** Calls the agent in the manager. */
  async call<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
  ): Promise<MethodResult<M>> {
    const { ports, judge } = this.#parts;
    const { signal } = judge;
    const answer = await ports.agent.call(method, params, signal);
    if (method === "worker.boot") {
      this.#worker = (answer as MethodResult<"worker.boot">).worker;
    }
    return answer;
  }

  /** Ends a worker that a failure has left, and notes what it used. */
  async endWorker(phase: Phase): Promise<void> {
    try {
      await this.destroyWorker(
        phase,
        this.#parts.ports.clock.timeout(END_WORKER_TIMEOUT_MS),
      );
    } catch {
      // It is gone already, and its measurements with it.
    }
  }

  /** Destroys the worker of a phase, if there is one; notes what it used. */
  async destroyWorker(
    phase: Phase,
    signal = this.#parts.judge.signal,
  ): Promise<void> {
    if (this.#worker === undefined) return;
    const { agent } = this.#parts.ports;
    const worker = this.#worker;
    const { usage } = await agent.call("worker.destroy", { worker }, signal);
    this.noteUsage(phase, usage);
  }

  /** Notes what the worker of a phase used, which has ended. */
  noteUsage(phase: Phase, usage: Usage): void {
    this.#worker = undefined;
    const noted = this.#parts.state.usage;
    const key = phase === "prepare" ? "prepare" : "build";
    noted[key] = addUsage(noted[key], usage);
  }

  /** Runs a step in a worker, showing what it prints; gives its exit status. */
  async runStep(worker: string, step: WorkerStep): Promise<number> {
    const { ports, judge, emit } = this.#parts;
    const { signal } = judge;
    return await ports.agent.runStep(
      worker,
      step,
      (text) => emit({ type: "log", time: now(), text }),
      signal,
    );
  }

  /** What each worker of the build is to get. */
  workerDemand(): WorkerDemand {
    const { spec, maxCpus } = this.#parts;
    const { cpus, memoryBytes, diskBytes } = spec.resources;
    return {
      ...(cpus !== undefined && { cpus }),
      ...(maxCpus !== undefined && { maxCpus }),
      memoryBytes,
      diskBytes,
    };
  }

  /** How each worker of the build is to be booted, in the agent's terms. */
  workerResources() {
    const { resources } = this.#parts.spec;
    return {
      diskBytes: resources.diskBytes,
      bootTimeoutSeconds: resources.bootTimeoutSeconds,
    };
  }

  /** The limits that hold for all workers of the build together. */
  buildLimits(): BuildLimits {
    const { resources } = this.#parts.spec;
    const { cpuTimeSeconds, wallTimeSeconds, logBytes, bandwidth } = resources;
    const { totalBytes, rateBitsPerSecond } = bandwidth;
    return {
      wallSeconds: wallTimeSeconds,
      logBytes,
      ...(cpuTimeSeconds !== undefined && { cpuSeconds: cpuTimeSeconds }),
      ...(totalBytes !== undefined && { networkBytes: totalBytes }),
      ...(rateBitsPerSecond !== undefined && {
        networkBitsPerSecond: rateBitsPerSecond,
      }),
    };
  }

  /** Has the host dial these destinations and no others. */
  async configureEgress(rules: EgressRule[]): Promise<void> {
    const { ports, learn, denied, opened, proxy, spec } = this.#parts;
    const { totalBytes, rateBitsPerSecond } = spec.resources.bandwidth;
    await ports.egress.configure({
      rules,
      learn,
      denied: [...denied],
      opened: [...opened],
      proxy,
      limits: {
        ...(totalBytes !== undefined && { totalBytes }),
        ...(rateBitsPerSecond !== undefined && {
          bitsPerSecond: rateBitsPerSecond,
        }),
      },
    });
  }

  /** Lets a worker reach these hosts and no others. */
  async allow(worker: string, rules: EgressRule[]): Promise<void> {
    await this.configureEgress(rules);
    await this.call("worker.allow", { worker, rules });
  }

  /** Tells the user something; `always` if also one who wants quiet. */
  note(message: string, { always = false } = {}): void {
    this.#parts.emit({
      type: "note",
      time: now(),
      message,
      ...(always && { always }),
    });
  }

  /** Path of the disk with this build's trees on the host. */
  get treesDisk(): string {
    return treesDiskPath(this.#parts.staging);
  }

  /** Serial number of a disk of this build in the manager. */
  serial(name: BuildDisk): string {
    return `${this.#parts.build}-${name}`;
  }
}
