/**
 * The course of a build: its phases one after another, what an error in one of
 * them means, and the end, which every build comes to.
 *
 * @module
 */

import {
  BuildFailedError,
  type ContractorError,
  InterruptedError,
  LimitExceededError,
} from "../shared/errors.ts";
import type { Supervision } from "../manage/supervise.ts";
import { describeOutside } from "../project/load_project.ts";
import { type Base, bootWorker } from "./boot_phase.ts";
import { BuildAgent } from "./build_agent.ts";
import { relayEgress } from "./egress_relay.ts";
import type { BuildEvent, Phase } from "./events.ts";
import { type Fact, foldFacts } from "./facts.ts";
import { provideImage } from "./image_phase.ts";
import { type BuildJob, buildLimits, workerDemand } from "./job.ts";
import { Judge } from "./judge.ts";
import { formatLearnedNetwork } from "./learned_network.ts";
import { summarize, toReportedError } from "./outcome.ts";
import type { PhaseContext, PhaseResult } from "./phase.ts";
import { isoTime, PhaseClock, roundSeconds } from "./phase_clock.ts";
import type { Ports } from "./ports.ts";
import { prepare } from "./prepare_phase.ts";
import { type BuildReport, makeReport } from "./report.ts";
import { TreesDisk } from "./trees_disk.ts";
import { toExceededLimit, violationError } from "./violations.ts";
import { runCommands, unpackTrees } from "./worker_steps.ts";
import { Workers } from "./workers.ts";
import { takeWorkspaceOut } from "./workspace_phase.ts";

/** Kinds of workers that are kept booted, unless the user says otherwise. */
const READY_WORKERS = 4;

/** What a build runs in. */
export interface Surroundings {
  ports: Ports;
  onEvent: (event: BuildEvent) => void;
  /** The user's interruption. */
  signal: AbortSignal;
}

/**
 * Builds, and leaves a report.
 *
 * @returns the exit code
 */
export function conductBuild(
  job: BuildJob,
  surroundings: Surroundings,
): Promise<number> {
  return new Conductor(job, surroundings).run();
}

class Conductor {
  readonly #job: BuildJob;
  readonly #ports: Ports;
  readonly #emit: (event: BuildEvent) => void;
  readonly #interruption: AbortSignal;
  readonly #startedAt: string;
  readonly #start: number;
  readonly #phases: PhaseClock;
  readonly #judge: Judge;
  readonly #context: PhaseContext;
  readonly #facts: Fact[] = [];
  /** Whether the manager knows of the build. */
  #isOpen = false;
  #supervision: Supervision | undefined;

  constructor(job: BuildJob, { ports, onEvent, signal }: Surroundings) {
    const { clock } = ports;
    this.#job = job;
    this.#ports = ports;
    this.#emit = onEvent;
    this.#interruption = signal;
    this.#startedAt = isoTime(clock);
    this.#start = clock.elapsed();
    this.#phases = new PhaseClock(onEvent, clock);
    const judge = new Judge(job.id, ports, signal, () => this.#phase);
    this.#judge = judge;
    const record = (fact: Fact) => void this.#facts.push(fact);
    const agent = new BuildAgent(
      ports.agent,
      judge,
      (text) => onEvent({ type: "log", time: isoTime(clock), text }),
    );
    this.#context = {
      job,
      ports,
      agent,
      workers: new Workers(agent, clock, record),
      judge,
      interruption: signal,
      record,
      note: (message, { always = false } = {}) =>
        onEvent({
          type: "note",
          time: isoTime(clock),
          message,
          ...(always && { always }),
        }),
    };
  }

  async run(): Promise<number> {
    this.#announce();
    let error: ContractorError | undefined;
    const relay = relayEgress(this.#ports.egress, this.#context.note);
    try {
      await this.#begin();
      await this.#runPhases();
    } catch (cause) {
      error = await this.#explain(cause);
    } finally {
      await relay.stop();
      await this.#judge.close();
      await this.#supervision?.stop();
    }
    this.#tellLearned();
    const endError = await this.#end();
    return await this.#report(error ?? endError);
  }

  /** Tells that the build begins, and what the user should know before. */
  #announce(): void {
    const { id, project, notes } = this.#job;
    const { openedHosts } = project;
    const time = isoTime(this.#ports.clock);
    this.#emit({ type: "start", time, build: id, spec: project.path });
    const outside = describeOutside(project.outside);
    const opened = openedHosts.length === 0
      ? undefined
      : `Private places that you open to this build: ${openedHosts.join(", ")}`;
    for (const message of [outside, opened, ...notes]) {
      if (message !== undefined) this.#context.note(message, { always: true });
    }
  }

  async #begin(): Promise<void> {
    const { log, hasWorkspace, project } = this.#job;
    const { resources, paths } = project.spec;
    await this.#ports.log.open(log, resources.logBytes);
    if (hasWorkspace) await this.#ports.trees.takeStock(paths.workspace);
  }

  async #runPhases(): Promise<void> {
    const context = this.#context;
    const build = this.#job.id;
    const { ansible } = this.#job.project.spec;
    const accelerator = await this.#timed("manager", () => this.#connect());
    await this.#open();
    const { digest: image } = await this.#told(
      "image",
      () => provideImage(context),
    );
    const base: Base = { disk: { image }, accelerator };
    if (ansible === undefined) this.#phases.skip("prepare");
    else {
      const { key } = await this.#told(
        "prepare",
        () => prepare(context, { image, ansible, accelerator }),
      );
      base.disk = { image, prepared: key };
    }
    const status = await this.#buildInWorker(base);
    if (status !== 0) {
      throw new BuildFailedError(
        "build-failed",
        `The build commands failed with exit status ${status}`,
      );
    }
    await context.agent.call("build.close", { build });
  }

  /** Gives what the manager runs on. */
  async #connect(): Promise<PhaseResult<string>> {
    const { manager } = this.#ports;
    const { started, ...connected } = await manager.connect(this.#interruption);
    const { version, accelerator } = connected;
    this.#context.record({ type: "manager", version, accelerator });
    this.#supervision = manager.supervise();
    return { outcome: started ? "done" : "reused", value: accelerator };
  }

  async #open(): Promise<void> {
    const { id, project } = this.#job;
    const { spec, maxCpus, manager, keep } = project;
    await this.#context.agent.call("build.open", {
      build: id,
      name: spec.name,
      limits: buildLimits(spec.resources),
      worker: workerDemand(spec.resources, maxCpus),
      readyWorkers: manager.readyWorkers ?? READY_WORKERS,
      cache: keep.images,
    });
    this.#isOpen = true;
    this.#judge.open();
  }

  /**
   * Builds in a fresh worker and takes the workspace out, also when the build
   * commands fail.
   *
   * @returns exit status of the build commands
   */
  async #buildInWorker(base: Base): Promise<number> {
    const context = this.#context;
    const disk = new TreesDisk(this.#job, this.#ports.host);
    try {
      const worker = await this.#told(
        "boot",
        () => bootWorker(context, base, disk),
      );
      await this.#told("source-in", () => unpackTrees(context, worker));
      const status = await this.#told(
        "build",
        () => runCommands(context, worker),
      );
      await this.#told(
        "workspace-out",
        () => takeWorkspaceOut(context, worker, disk),
      );
      return status;
    } finally {
      await disk.detach();
    }
  }

  /** Runs a phase that the manager is told of. */
  #told<T>(phase: Phase, work: () => Promise<PhaseResult<T>>): Promise<T> {
    const build = this.#job.id;
    return this.#timed(phase, async () => {
      await this.#context.agent.call("build.phase", { build, phase });
      return await work();
    });
  }

  async #timed<T>(
    phase: Phase,
    work: () => Promise<PhaseResult<T>>,
  ): Promise<T> {
    const result = Promise.withResolvers<T>();
    await this.#phases.run(phase, async () => {
      const { outcome, value } = await work();
      result.resolve(value);
      return outcome;
    });
    return await result.promise;
  }

  /** The phase under way, or the one that failed. */
  get #phase(): Phase {
    return this.#phases.current ?? this.#phases.records.at(-1)?.phase ??
      "manager";
  }

  /**
   * Whatever a build failed with: what was found against it counts more, since
   * that is what ended its worker.
   */
  async #explain(cause: unknown): Promise<ContractorError> {
    await this.#supervision?.stop();
    const gone = this.#supervision?.signal.reason;
    const reported = toReportedError(
      gone?.code === "state-directory-full" ? gone : cause,
      this.#interruption,
    );
    if (!this.#isOpen || reported instanceof InterruptedError) return reported;
    const violations = await this.#judge.violations();
    const isLimit = reported instanceof LimitExceededError;
    if (isLimit && reported.record) {
      violations.limits = [toExceededLimit(reported.record, this.#phase)];
    }
    this.#context.record({ type: "found", violations });
    await this.#context.workers.end();
    return violations.network.total === 0 && isLimit
      ? reported
      : violationError(violations) ?? reported;
  }

  #tellLearned(): void {
    const { learn, project } = this.#job;
    if (!learn) return;
    const { learned } = this.#judge;
    const { egress } = foldFacts(this.#facts);
    this.#context.record({ type: "learned", learned });
    this.#emit({
      type: "learned",
      time: isoTime(this.#ports.clock),
      yaml: formatLearnedNetwork(
        project.spec.network,
        learned,
        egress.prepare.allowed,
      ),
    });
  }

  /**
   * Takes down what is known only now, and ends the connection: the agent
   * destroys what is left of the build then.
   *
   * @returns the first error: even so, a build has a report
   */
  async #end(): Promise<ContractorError | undefined> {
    const { log, egress, agent } = this.#ports;
    const { record } = this.#context;
    let error: ContractorError | undefined;
    for (
      const step of [
        async () => record({ type: "logged", bytes: await log.close() }),
        async () => record({ type: "dialed", usage: await egress.usage() }),
        () => agent.disconnect(),
      ]
    ) {
      try {
        await step();
      } catch (cause) {
        error ??= toReportedError(cause, this.#interruption);
      }
    }
    return error;
  }

  /** Writes the report and tells the end; gives the exit code. */
  async #report(error: ContractorError | undefined): Promise<number> {
    const { host } = this.#ports;
    let reported = error;
    let report = this.#makeReport(reported);
    try {
      await this.#phases.run(
        "report",
        () => host.writeReport(this.#job.report, report),
      );
    } catch (cause) {
      const failure = toReportedError(cause, this.#interruption);
      this.#context.note(failure.message);
      reported ??= failure;
      report = this.#makeReport(reported);
    }
    this.#emit({
      type: "end",
      time: isoTime(this.#ports.clock),
      outcome: report.outcome,
      exitCode: report.exitCode,
      seconds: report.seconds,
      ...(reported && { error: summarize(reported) }),
      log: report.log.path,
      report: this.#job.report,
      workspace: report.workspace.path,
      exported: report.workspace.exported,
    });
    return report.exitCode;
  }

  #makeReport(error: ContractorError | undefined): BuildReport {
    const { clock } = this.#ports;
    return makeReport(this.#job, foldFacts(this.#facts), {
      startedAt: this.#startedAt,
      endedAt: isoTime(clock),
      seconds: roundSeconds((clock.elapsed() - this.#start) / 1000),
      phases: this.#phases.records,
    }, error);
  }
}
