import { BuildFailedError, EnvironmentError } from "../errors.ts";
import type { DiskRole } from "../rpc/protocol.ts";
import { toEgressRules } from "../spec/network.ts";
import type { Pipeline } from "./pipeline.ts";
import { tryTwice } from "./second_try.ts";

/** Bounds of an exported workspace that no build spec changes. */
const EXPORT_LIMITS = {
  entries: 1_000_000,
  depth: 128,
  pathBytes: 4096,
  nameBytes: 256 * 1024 ** 2,
} as const;

/** A disk of the build in the manager. */
interface AttachedDisk {
  serial: string;
  role: DiskRole;
}

/** The worker that builds, and the disks that carry its trees. */
export class BuildWorker {
  readonly #pipeline: Pipeline;
  readonly #disks: AttachedDisk[] = [];
  #worker = "";

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
      disks: this.#disks,
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
      seconds: Date.now() / 1000,
    });
    this.#worker = worker;
    state.boot = origin;
  }

  async #attachTrees(
    hasWorkspace: boolean,
    failed: AbortSignal,
  ): Promise<void> {
    const { spec, isolates, judge } = this.#pipeline.parts;
    const signal = AbortSignal.any([judge.signal, failed]);
    const { guest } = isolates;
    await this.#pack(() =>
      guest.call("packSource", {
        trees: spec.paths,
        output: this.#pipeline.disk("source"),
        maxBytes: spec.resources.diskBytes,
      }, { signal })
    );
    await this.#attach("source", true, signal);
    if (hasWorkspace) {
      await this.#pack(() =>
        guest.call("packWorkspace", {
          workspace: spec.paths.workspace,
          output: this.#pipeline.disk("workspace"),
          maxBytes: spec.resources.diskBytes,
        }, { signal })
      );
      await this.#attach("workspace", true, signal);
    }
    await this.#attach("export", false, signal);
  }

  /**
   * Has the worker move a tree between its disk and its workspace.
   *
   * @throws {EnvironmentError} `worker-step-failed`
   */
  async moveTree(
    kind: "workspace-in" | "source-in" | "workspace-out",
  ): Promise<void> {
    const exitCode = await this.#pipeline.runStep(this.#worker, { kind });
    if (exitCode === 0) return;
    if (kind === "workspace-out") await this.#requireExportRoom();
    throw new EnvironmentError(
      "worker-step-failed",
      `The worker failed to do "${kind}": exit status ${exitCode}`,
      { hint: "The log says why; a full disk in the worker is a common cause" },
    );
  }

  /** Runs the build commands; gives their exit status. */
  runCommands(): Promise<number> {
    const script = this.#pipeline.parts.spec.build;
    return this.#pipeline.runStep(this.#worker, { kind: "build", script });
  }

  /** Has the workspace written to the export disk, and ends the worker. */
  async finish(): Promise<void> {
    await this.moveTree("workspace-out");
    await this.#pipeline.destroyWorker("build");
    await this.detachDisks();
    await this.#pipeline.parts.judge.requireInnocence();
  }

  /** Replaces the workspace on the host by what the worker exported. */
  async exportWorkspace(): Promise<void> {
    const { build, spec, isolates, state, signal } = this.#pipeline.parts;
    const { port1, port2 } = new MessageChannel();
    isolates.serveLinks(port1);
    try {
      const exported = await isolates.guest.call("exportWorkspace", {
        archive: this.#pipeline.disk("export"),
        workspace: spec.paths.workspace,
        build,
        limits: { ...EXPORT_LIMITS, bytes: spec.resources.diskBytes },
        linker: port2,
      }, { signal, transfer: [port2] });
      state.workspace = { exported: true, ...exported };
    } finally {
      port1.close();
    }
  }

  /** A worker that fails to pack its workspace may have filled the disk. */
  async #requireExportRoom(): Promise<void> {
    const { isolates, spec } = this.#pipeline.parts;
    await isolates.guest.call("requireExportRoom", {
      archive: this.#pipeline.disk("export"),
      allowed: spec.resources.diskBytes,
    });
  }

  /** Takes this build's disks out of the manager. */
  async detachDisks(): Promise<void> {
    for (const { serial } of this.#disks.splice(0)) {
      await this.#pipeline.parts.isolates.vmm.call("detachDisk", { serial });
    }
  }

  async #pack(pack: () => Promise<{ notes: string[] }>): Promise<void> {
    const { notes } = await pack();
    for (const note of notes) this.#pipeline.note(note);
  }

  async #attach(
    role: DiskRole,
    readOnly: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const serial = this.#pipeline.serial(role);
    const { build, isolates } = this.#pipeline.parts;
    await isolates.vmm.call("attachDisk", {
      build,
      path: this.#pipeline.disk(role),
      serial,
      readOnly,
    }, { signal });
    this.#disks.push({ serial, role });
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
  const { clock, state } = pipeline.parts;
  const worker = new BuildWorker(pipeline);
  try {
    await pipeline.phase("boot", () => worker.boot(base, hasWorkspace));
    if (hasWorkspace) {
      await pipeline.phase(
        "workspace-in",
        () => worker.moveTree("workspace-in"),
      );
    } else {
      clock.skip("workspace-in");
    }
    await pipeline.phase("source-in", () => worker.moveTree("source-in"));
    await pipeline.phase("build", async () => {
      state.buildStatus = await worker.runCommands();
      return state.buildStatus === 0 ? "done" : "failed";
    });
    await pipeline.phase("workspace-out", async () => {
      await worker.finish();
      await worker.exportWorkspace();
    });
  } finally {
    await worker.detachDisks();
  }
  if (state.buildStatus !== 0) {
    throw new BuildFailedError(
      "build-failed",
      `The build commands failed with exit status ${state.buildStatus}`,
    );
  }
}
