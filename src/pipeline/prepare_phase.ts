import { BuildFailedError } from "../shared/errors.ts";
import type { EgressRule } from "../shared/rpc/protocol.ts";
import { type NetworkEntry, toEgressRules } from "../spec/network.ts";
import { configureEgress } from "./configure_egress.ts";
import { findImage, noteImage } from "./find_image.ts";
import type { PhaseContext, PhaseResult } from "./phase.ts";
import { preparedKey } from "./prepared_key.ts";
import { isRepository, mayReachAll, reachable } from "./repositories.ts";
import { tryTwice } from "./second_try.ts";

/** What a disk is prepared from, and on what. */
export interface Preparation {
  /** Digest of the worker image. */
  image: string;
  ansible: readonly unknown[];
  /** The manager's. */
  accelerator: string;
}

/**
 * Installs the dependencies: runs the playbook in a worker that starts from
 * the pristine image, and keeps its disk for later builds.
 *
 * @returns the prepared disk's key
 * @throws {BuildFailedError} `playbook-failed`; nothing is kept then
 */
export async function prepare(
  context: PhaseContext,
  { image, ansible, accelerator }: Preparation,
): Promise<PhaseResult<{ key: string }>> {
  const { useCache, learn, project } = context.job;
  const { resources, network } = project.spec;
  const key = preparedKey({
    imageDigest: image,
    ansible,
    network: network.prepare === undefined
      ? { besides: project.addedPrepare }
      : { only: network.prepare },
    learn,
    diskBytes: resources.diskBytes,
  });
  context.record({ type: "prepared", key, reused: false });
  if (useCache && !learn) {
    const found = await findImage(context, { image, prepared: key });
    if (found.prepared) {
      context.record({ type: "prepared", key, reused: true });
      return { outcome: "reused", value: { key } };
    }
  }
  await tryTwice(
    context,
    { phase: "prepare", accelerator },
    () => prepareDisk(context, image, ansible, key),
  );
  return { outcome: "done", value: { key } };
}

async function prepareDisk(
  context: PhaseContext,
  image: string,
  ansible: readonly unknown[],
  key: string,
): Promise<void> {
  const { job, agent, workers, judge } = context;
  const { network, resources } = job.project.spec;
  const { learn } = job;
  const { worker } = await workers.boot("prepare", {
    build: job.id,
    base: { image },
    diskBytes: resources.diskBytes,
    bootTimeoutSeconds: resources.bootTimeoutSeconds,
    network: network.prepare === "none" ? null : { rules: null, learn },
    sealable: true,
  });
  const exitCode = await agent.runStep(worker, {
    kind: "prepare",
    playbook: JSON.stringify(ansible),
    refreshPackageLists: network.prepare !== "none" &&
      await openNetwork(context, worker, network.prepare),
  });
  if (exitCode !== 0) {
    await workers.destroy();
    throw new BuildFailedError(
      "playbook-failed",
      `The playbook failed with exit status ${exitCode}`,
      { hint: "Its output is in the log; nothing of it was kept" },
    );
  }
  await agent.call("worker.poweroff", { worker });
  await judge.requireInnocence();
  const { usage, seal } = await agent.call("worker.seal", {
    worker,
    prepared: key,
  });
  await noteImage(context, key, seal);
  workers.noteEnd(usage);
}

/**
 * Lets the worker reach what the playbook may. The dialer knows of it first:
 * the worker can ask at once.
 *
 * @returns whether it may reach all package repositories of the image
 */
async function openNetwork(
  context: PhaseContext,
  worker: string,
  declared: readonly NetworkEntry[] | undefined,
): Promise<boolean> {
  const { agent, job, record } = context;
  const { rules } = await agent.call("worker.repositories", { worker });
  const repositories = rules.filter(isRepository);
  const allowed = allowedHosts(context, repositories, declared);
  record({ type: "allowed", use: "prepare", rules: allowed });
  await configureEgress(context, allowed);
  await agent.call("worker.allow", { worker, rules: allowed });
  return job.learn || mayReachAll(repositories, allowed);
}

/** The spec's hosts; without any, what the pristine image is set up for. */
function allowedHosts(
  { job, note }: PhaseContext,
  repositories: readonly EgressRule[],
  declared: readonly NetworkEntry[] | undefined,
): EgressRule[] {
  if (declared !== undefined) return toEgressRules(declared);
  const { denied, opened, addedPrepare } = job.project;
  const named = [...repositories, ...toEgressRules(addedPrepare)];
  const { rules, closed } = reachable(named, denied, opened);
  for (const place of closed) {
    note(
      `The worker image names a package repository that only you can open: ${place}`,
    );
  }
  note(
    rules.length === 0
      ? "The worker image names no package repositories: the playbook reaches no hosts"
      : `The playbook may reach the worker image's package repositories: ${
        rules.map(({ host, port }) => `${host}:${port}`).join(", ")
      }`,
  );
  return rules;
}
