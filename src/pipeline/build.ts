/**
 * `contractor build`: one build from the spec to the report.
 *
 * @module
 */

import { basename, join } from "node:path";
import {
  type ContractorError,
  ExitCode,
  InterruptedError,
  LimitExceededError,
} from "../errors.ts";
import { noProxy, type ProxySettings } from "../egress/proxy_settings.ts";
import type { AcceleratorChoice } from "../host/accelerator.ts";
import { egressUrl } from "../isolates.ts";
import { managerSettings } from "../host/manager_settings.ts";
import type { Supervision } from "../manage/supervise.ts";
import {
  describeOutside,
  loadProject,
  type ProjectOptions,
  type ProjectSpec,
} from "../project/load_project.ts";
import { STANDARD_INPUT } from "../spec/read_text_file.ts";
import { CONTRACTOR_VERSION } from "../version.ts";
import { type BuildHost, openBuildHost } from "./build_host.ts";
import { newBuildId } from "./build_id.ts";
import { buildInWorker } from "./build_phases.ts";
import { type BuildState, initialBuildState } from "./build_state.ts";
import { requireCapacity } from "../host/capacity.ts";
import type { BuildEvent, Phase } from "./events.ts";
import { Judge } from "./judge.ts";
import { formatLearnedNetwork } from "./learned_network.ts";
import { toExceededLimit, violationError } from "./violations.ts";
import { outcomeOf, summarize, toReportedError } from "./outcome.ts";
import { provideImage } from "./image_phase.ts";
import { now, PhaseClock, roundSeconds } from "./phase_clock.ts";
import { Pipeline } from "./pipeline.ts";
import { prepare } from "./prepare_phase.ts";
import { mayReachHosts } from "./reach.ts";
import type { BuildReport } from "./report.ts";

/** Failed connections of a build that are told one by one. */
const MAX_EGRESS_NOTES = 20;

/** Kinds of workers that are kept booted, unless the user says otherwise. */
const READY_WORKERS = 4;

/** What `contractor build` was asked to do. */
export interface BuildOptions extends ProjectOptions {
  specPath: string;
  accelerator: AcceleratorChoice | undefined;
  /** Whether a prepared worker disk of an earlier build may serve. */
  useCache: boolean;
  /** Whether hosts that no rule allows can be reached, to learn of them. */
  learn: boolean;
  /** Tells what the host dials through, if the build may reach anything. */
  readProxy?: () => Promise<ProxySettings>;
  onEvent: (event: BuildEvent) => void;
  signal: AbortSignal;
  /**
   * Module of the egress isolate; tests put one in its place that resolves
   * names and connects in their own way.
   */
  egressModule?: URL;
}

/**
 * Builds what a spec says and leaves a report of it; the last event says how
 * the build ended.
 *
 * @returns the exit code
 * @throws {ContractorError} if the build could not even be started
 */
export async function runBuild(options: BuildOptions): Promise<number> {
  const loaded = await loadProject(options.specPath, options);
  const settings = managerSettings(options.accelerator, loaded.manager);
  requireCapacity(settings, loaded.spec.resources);
  // A proxy that cannot be used is no matter to a build that reaches nothing.
  const proxy = mayReachHosts(loaded.spec, options.learn)
    ? await options.readProxy?.()
    : undefined;
  const build = newBuildId();
  await using host = await openBuildHost(
    build,
    loaded.spec,
    settings,
    loaded.keep.builds,
    options.egressModule ?? egressUrl,
  );
  return await conductBuild(options, loaded, build, host, proxy ?? noProxy);
}

/** Builds with what the host has been opened for. */
export function conductBuild(
  options: Pick<BuildOptions, "onEvent" | "signal" | "useCache" | "learn">,
  loaded: ProjectSpec,
  id: string,
  host: Omit<BuildHost, typeof Symbol.asyncDispose>,
  proxy: ProxySettings,
): Promise<number> {
  return new Build(options, loaded, id, host, proxy).run();
}

class Build {
  readonly #startedAt = now();
  readonly #start = performance.now();
  readonly #state: BuildState = initialBuildState();
  readonly #clock: PhaseClock;
  readonly #judge: Judge;
  readonly #pipeline: Pipeline;
  /** Whether the manager knows of the build. */
  #isOpen = false;
  #supervision: Supervision | undefined;

  constructor(
    readonly options: Parameters<typeof conductBuild>[0],
    readonly loaded: ProjectSpec,
    readonly id: string,
    readonly host: Parameters<typeof conductBuild>[3],
    proxy: ProxySettings,
  ) {
    const { onEvent, signal, useCache, learn } = options;
    this.#clock = new PhaseClock(onEvent);
    this.#judge = new Judge(id, host.ports, signal, () => this.#phase);
    this.#pipeline = new Pipeline({
      build: id,
      spec: loaded.spec,
      denied: loaded.denied,
      opened: loaded.opened,
      proxy,
      addedPrepare: loaded.addedPrepare,
      keepAutorun: loaded.keepAutorun,
      maxCpus: loaded.maxCpus,
      useCache,
      learn,
      judge: this.#judge,
      staging: host.staging,
      ports: host.ports,
      clock: this.#clock,
      state: this.#state,
      signal,
      emit: onEvent,
    });
  }

  async run(): Promise<number> {
    const { onEvent } = this.options;
    const { path } = this.loaded;
    onEvent({ type: "start", time: now(), build: this.id, spec: path });
    const outside = describeOutside(this.loaded.outside);
    if (outside !== undefined) this.#pipeline.note(outside, { always: true });
    const { openedHosts } = this.loaded;
    if (openedHosts.length > 0) {
      this.#pipeline.note(
        `Private places that you open to this build: ${openedHosts.join(", ")}`,
        { always: true },
      );
    }
    for (const message of this.host.notes) {
      this.#pipeline.note(message, { always: true });
    }
    let error: ContractorError | undefined;
    const relay = this.#relayEgress();
    try {
      await this.#openLog();
      await this.#takeStock();
      await this.#runPhases();
    } catch (cause) {
      error = await this.#explain(cause);
    } finally {
      await relay.stop();
      await this.#judge.close();
      await this.#supervision?.stop();
    }
    this.#tellLearned();
    await this.#collectUsage();
    await this.#disconnect();
    let report = this.#report(error);
    try {
      await this.#clock.run("report", () => this.#writeReport(report));
    } catch (cause) {
      const failure = toReportedError(cause, this.options.signal);
      this.#pipeline.note(failure.message);
      error ??= failure;
      report = this.#report(error);
    }
    onEvent({
      type: "end",
      time: now(),
      outcome: report.outcome,
      exitCode: report.exitCode,
      seconds: report.seconds,
      ...(error && { error: summarize(error) }),
      log: report.log.path,
      report: this.host.report,
      workspace: report.workspace.path,
      exported: report.workspace.exported,
    });
    return report.exitCode;
  }

  async #runPhases(): Promise<void> {
    const { spec } = this.loaded;
    const { signal } = this.options;
    const pipeline = this.#pipeline;
    await this.#clock.run("manager", async () => {
      const { started, ...manager } = await this.host.ports.manager
        .connect(signal);
      this.#state.manager = manager;
      this.#supervision = this.host.ports.manager.supervise();
      return started ? "done" : "reused";
    });
    await pipeline.call("build.open", {
      build: this.id,
      name: spec.name,
      limits: pipeline.buildLimits(),
      worker: pipeline.workerDemand(),
      readyWorkers: this.loaded.manager.readyWorkers ?? READY_WORKERS,
      cache: this.loaded.keep.images,
    });
    this.#isOpen = true;
    this.#judge.open();
    let image = "";
    await pipeline.phase("image", async () => {
      const provided = await provideImage(pipeline);
      image = provided.digest;
      return provided.outcome;
    });
    let base: { image: string; prepared?: string } = { image };
    if (spec.ansible === undefined) this.#clock.skip("prepare");
    else {
      const { ansible } = spec;
      await pipeline.phase("prepare", async () => {
        const { key, outcome } = await prepare(pipeline, image, ansible);
        base = { image, prepared: key };
        return outcome;
      });
    }
    await buildInWorker(pipeline, base, this.host.hasWorkspace);
    await pipeline.call("build.close", { build: this.id });
  }

  /** The phase under way, or the one that failed. */
  get #phase(): Phase {
    return this.#clock.current ?? this.#clock.records.at(-1)?.phase ??
      "manager";
  }

  /**
   * Whatever a build failed with: what was found against it counts more, since
   * that is what ended its worker.
   */
  async #explain(cause: unknown): Promise<ContractorError> {
    const { signal } = this.options;
    await this.#supervision?.stop();
    const found = this.#supervision?.signal.reason;
    const reported = toReportedError(
      found?.code === "state-directory-full" ? found : cause,
      signal,
    );
    if (!this.#isOpen || reported instanceof InterruptedError) return reported;
    const violations = await this.#judge.violations();
    if (reported instanceof LimitExceededError && reported.record) {
      violations.limits = [toExceededLimit(reported.record, this.#phase)];
    }
    this.#state.violations = violations;
    await this.#pipeline.endWorker(this.#phase);
    return violations.network.total === 0 &&
        reported instanceof LimitExceededError
      ? reported
      : violationError(violations) ?? reported;
  }

  #tellLearned(): void {
    if (!this.options.learn) return;
    const { learned } = this.#judge;
    this.#state.learned = learned;
    const { onEvent } = this.options;
    onEvent({
      type: "learned",
      time: now(),
      yaml: formatLearnedNetwork(
        this.loaded.spec.network,
        learned,
        this.#state.egress.prepare.allowed,
      ),
    });
  }

  /** Dials for the workers for as long as the build runs. */
  #relayEgress(): { stop(): Promise<void> } {
    const stopped = new AbortController();
    let failures = 0;
    const relayed = this.host.ports.egress.relay((error) => {
      // A worker can make as many as it likes.
      if (++failures > MAX_EGRESS_NOTES) return;
      this.#pipeline.note(
        error instanceof Error ? error.message : String(error),
      );
    }, stopped.signal);
    return {
      async stop() {
        stopped.abort();
        await relayed.catch(() => {});
      },
    };
  }

  async #openLog(): Promise<void> {
    await this.host.ports.log.open(
      this.host.log,
      this.loaded.spec.resources.logBytes,
    );
  }

  async #takeStock(): Promise<void> {
    if (!this.host.hasWorkspace) return;
    const { workspace } = this.loaded.spec.paths;
    await this.host.ports.trees.takeStock(workspace);
  }

  async #collectUsage(): Promise<void> {
    const { log, egress } = this.host.ports;
    this.#state.logBytes = await log.close();
    for (const usage of await egress.usage()) {
      this.#state.egress.bytesToHosts += usage.bytesToHost;
      this.#state.egress.bytesFromHosts += usage.bytesFromHost;
    }
  }

  /** The agent destroys what is left of the build when the connection ends. */
  async #disconnect(): Promise<void> {
    await this.host.ports.agent.disconnect();
  }

  async #writeReport(report: BuildReport): Promise<void> {
    await this.host.ports.host.writeReport(this.host.report, report);
  }

  #report(error: ContractorError | undefined): BuildReport {
    const { spec, path, digest } = this.loaded;
    const { workspace, logBytes, ...state } = this.#state;
    return {
      format: 1,
      contractor: CONTRACTOR_VERSION,
      build: this.id,
      startedAt: this.#startedAt,
      endedAt: now(),
      seconds: roundSeconds((performance.now() - this.#start) / 1000),
      spec: {
        path: path === STANDARD_INPUT
          ? path
          : join(spec.paths.folder, basename(path)),
        sha256: digest,
      },
      project: {
        folder: this.loaded.project ?? null,
        outside: [...this.loaded.outside],
      },
      ...state,
      phases: this.#clock.records,
      outcome: outcomeOf(error),
      exitCode: error?.exitCode ?? ExitCode.success,
      error: error
        ? {
          code: error.code,
          message: error.message,
          hint: error.hint ?? null,
          detail: error.detail ?? null,
        }
        : null,
      log: { path: this.host.log, bytes: logBytes },
      workspace: { path: spec.paths.workspace, ...workspace },
    };
  }
}
