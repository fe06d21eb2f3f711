import type { PackedTrees } from "../guest/packer.ts";
import { TREE_LIMITS } from "../guest/trees/tree_limits.ts";
import { toEgressRules } from "../spec/network.ts";
import { configureEgress } from "./configure_egress.ts";
import type { PhaseContext, PhaseResult } from "./phase.ts";
import { tryTwice } from "./second_try.ts";
import type { TreesDisk } from "./trees_disk.ts";

/** What the worker that builds starts from. */
export interface Base {
  /** Digests of the worker image and of the prepared disk on top. */
  disk: { image: string; prepared?: string };
  /** The manager's. */
  accelerator: string;
}

/** A worker that can build, and what is on the disk that it has. */
export interface BootedWorker {
  worker: string;
  packed: PackedTrees;
}

/**
 * Starts the worker; meanwhile packs the trees and attaches them to the
 * manager. Then plugs them into the worker.
 */
export async function bootWorker(
  context: PhaseContext,
  base: Base,
  disk: TreesDisk,
): Promise<PhaseResult<BootedWorker>> {
  const failed = new AbortController();
  const started = tryTwice(
    context,
    { phase: "boot", accelerator: base.accelerator },
    () => start(context, base),
  );
  const attached = attachTrees(context, disk, failed.signal);
  try {
    const [worker, packed] = await Promise.all([started, attached]);
    await context.agent.call("worker.plug", { worker, serial: disk.serial });
    return { outcome: "done", value: { worker, packed } };
  } catch (error) {
    failed.abort(error);
    started.catch(() => {});
    await attached.catch(() => {});
    throw error;
  }
}

async function start(context: PhaseContext, base: Base): Promise<string> {
  const { job, workers, record } = context;
  const { network, resources } = job.project.spec;
  const allowed = network.build === "none"
    ? undefined
    : toEgressRules(network.build);
  record({ type: "allowed", use: "build", rules: allowed ?? [] });
  await configureEgress(context, allowed ?? []);
  const { worker, origin } = await workers.boot("build", {
    build: job.id,
    base: base.disk,
    diskBytes: resources.diskBytes,
    bootTimeoutSeconds: resources.bootTimeoutSeconds,
    network: allowed ? { rules: allowed, learn: job.learn } : null,
    sealable: false,
  });
  record({ type: "booted", origin });
  return worker;
}

async function attachTrees(
  { job, ports, judge, note }: PhaseContext,
  disk: TreesDisk,
  failed: AbortSignal,
): Promise<PackedTrees> {
  const { paths, resources } = job.project.spec;
  const signal = AbortSignal.any([judge.signal, failed]);
  const packed = await ports.trees.pack({
    trees: paths,
    hasWorkspace: job.hasWorkspace,
    output: disk.path,
    limits: { bytes: resources.diskBytes, entries: TREE_LIMITS.entries },
  }, signal);
  for (const message of packed.notes) note(message);
  await disk.attach(signal);
  return packed;
}
