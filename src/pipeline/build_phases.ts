import { BuildFailedError, EnvironmentError } from "../errors.ts";
import type { WorkerStep } from "../guest/manager_session.ts";
import type { PackedTrees } from "../guest/packer.ts";
import { unpackedPath } from "../guest/replace_workspace.ts";
import { TREE_LIMITS } from "../guest/tree_limits.ts";
import { toEgressRules } from "../spec/network.ts";
import { exportNotes } from "./export_notes.ts";
import type { Pipeline } from "./pipeline.ts";
import { tryTwice } from "./second_try.ts";

/** The worker that builds, and the disk that carries its trees. */
export class BuildWorker {
  readonly #pipeline: Pipeline;
  #worker = "";
  #packed: PackedTrees | undefined;
  #attached = false;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /**
   * Starts the worker; meanwhile packs the trees and attaches them to the
   * manager. Then plugs them into the worker.
   */
  async boot(
    base: { image: string; prepared?: string },
    hasWorkspace: boolean,
  ): Promise<void> {
    const failed = new AbortController();
    const started = tryTwice(
      this.#pipeline,
      "boot",
      () => this.#start(base),
    );
    const attached = this.#attachTrees(hasWorkspace, failed.signal);
    try {
      await Promise.all([started, attached]);
    } catch (error) {
      failed.abort(error);
      started.catch(() => {});
      await attached.catch(() => {});
      throw error;
    }
    await this.#pipeline.call("worker.plug", {
      worker: this.#worker,
      serial: this.#serial,
    });
  }

  async #start(base: { image: string; prepared?: string }): Promise<void> {
    const { build, spec, state, learn } = this.#pipeline.parts;
    const allowed = spec.network.build === "none"
      ? undefined
      : toEgressRules(spec.network.build);
    state.egress.build.allowed = allowed ?? [];
    await this.#pipeline.configureEgress(allowed ?? []);
    const { worker, origin } = await this.#pipeline.call("worker.boot", {
      build,
      base,
      ...this.#pipeline.workerResources(),
      network: allowed ? { rules: allowed, learn } : null,
      sealable: false,
      seconds: this.#pipeline.parts.ports.clock.now() / 1000,
    });
    this.#worker = worker;
    state.boot = origin;
  }

  async #attachTrees(
    hasWorkspace: boolean,
    failed: AbortSignal,
  ): Promise<void> {
    const { build, spec, ports, judge } = this.#pipeline.parts;
    const signal = AbortSignal.any([judge.signal, failed]);
    const disk = this.#pipeline.treesDisk;
    this.#packed = await ports.trees.pack({
      trees: spec.paths,
      hasWorkspace,
      output: disk,
      limits: {
        bytes: spec.resources.diskBytes,
        entries: TREE_LIMITS.entries,
      },
    }, signal);
    for (const note of this.#packed.notes) this.#pipeline.note(note);
    await ports.host.attachDisk({
      build,
      path: disk,
      serial: this.#serial,
      readOnly: false,
    }, signal);
    this.#attached = true;
  }

  get #serial(): string {
    return this.#pipeline.serial("trees");
  }

  /** @throws {Error} before the trees are packed */
  get #trees(): PackedTrees {
    if (this.#packed === undefined) throw new Error("No trees are packed");
    return this.#packed;
  }

  /**
   * Has the worker unpack the previous workspace, and the source over it.
   *
   * @throws {EnvironmentError} `worker-step-failed`
   */
  async unpackTrees(): Promise<void> {
    await this.#runOwnStep({
      kind: "source-in",
      bytes: this.#trees.exportOffset,
    });
  }

  /** Runs the build commands; gives their exit status. */
  runCommands(): Promise<number> {
    const script = this.#pipeline.parts.spec.build;
    return this.#pipeline.runStep(this.#worker, { kind: "build", script });
  }

  /** Has the workspace written to the disk, and ends the worker. */
  async finish(): Promise<void> {
    const offset = this.#trees.exportOffset;
    await this.#runOwnStep(
      { kind: "workspace-out", offset },
      () => this.#requireExportRoom(),
    );
    await this.#pipeline.destroyWorker("build");
    await this.detachTrees();
    await this.#pipeline.parts.judge.requireInnocence();
  }

  /**
   * Replaces the workspace on the host by what the worker exported: the part
   * that reads the archive has no more to do with it when links are made.
   */
  async exportWorkspace(): Promise<void> {
    const { build, spec, ports, keepAutorun, state, signal } =
      this.#pipeline.parts;
    const { workspace } = spec.paths;
    const { exportOffset, manifest } = this.#trees;
    const limits = { ...TREE_LIMITS, bytes: spec.resources.diskBytes };
    const unpacked = await ports.trees.unpack({
      disk: this.#pipeline.treesDisk,
      offset: exportOffset,
      destination: unpackedPath(workspace, build),
      limits,
      keep: keepAutorun,
    }, signal);
    const { kept, ...exported } = await ports.trees.keep({
      workspace,
      build,
      limits,
      keep: keepAutorun,
      unpacked,
      manifest,
    }, signal);
    state.workspace = { exported: true, ...exported };
    for (const note of exportNotes(exported)) this.#pipeline.note(note);
    if (kept !== undefined) {
      state.workspace.notes.push(kept);
      this.#pipeline.note(kept, { always: true });
    }
  }

  /** A worker that fails to pack its workspace may have filled the disk. */
  async #requireExportRoom(): Promise<void> {
    const { ports, spec } = this.#pipeline.parts;
    const { exportOffset, allocatedBytes } = this.#trees;
    await ports.trees.requireExportRoom({
      disk: this.#pipeline.treesDisk,
      packed: { exportOffset, allocatedBytes },
      allowed: spec.resources.diskBytes,
    });
  }

  /** Takes the disk out of the manager. */
  async detachTrees(): Promise<void> {
    if (!this.#attached) return;
    this.#attached = false;
    await this.#pipeline.parts.ports.host.detachDisk(this.#serial);
  }

  /** Runs a step that only a broken worker fails in, or a full one. */
  async #runOwnStep(
    step: WorkerStep,
    explain: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const exitCode = await this.#pipeline.runStep(this.#worker, step);
    if (exitCode === 0) return;
    await explain();
    throw new EnvironmentError(
      "worker-step-failed",
      `The worker failed to do "${step.kind}": exit status ${exitCode}`,
      { hint: "The log says why; a full disk in the worker is a common cause" },
    );
  }
}

/**
 * Builds in a fresh worker and takes the workspace out, also when the build
 * commands fail.
 *
 * @param base digests of the worker image and of the prepared disk on top
 * @param hasWorkspace whether there is a previous workspace to start from
 * @throws {BuildFailedError} `build-failed`
 */
export async function buildInWorker(
  pipeline: Pipeline,
  base: { image: string; prepared?: string },
  hasWorkspace: boolean,
): Promise<void> {
  const { state } = pipeline.parts;
  const worker = new BuildWorker(pipeline);
  try {
    await pipeline.phase("boot", () => worker.boot(base, hasWorkspace));
    await pipeline.phase("source-in", () => worker.unpackTrees());
    await pipeline.phase("build", async () => {
      state.buildStatus = await worker.runCommands();
      return state.buildStatus === 0 ? "done" : "failed";
    });
    await pipeline.phase("workspace-out", async () => {
      await worker.finish();
      await worker.exportWorkspace();
    });
  } finally {
    await worker.detachTrees();
  }
  if (state.buildStatus !== 0) {
    throw new BuildFailedError(
      "build-failed",
      `The build commands failed with exit status ${state.buildStatus}`,
    );
  }
}
