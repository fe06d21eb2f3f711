import { BuildFailedError } from "../errors.ts";
import { closedHost, describePlace } from "../egress/closed_places.ts";
import { denyingPatterns, HostPatterns } from "../network/host_patterns.ts";
import { Allowlist } from "../network/allowlist.ts";
import { endsInNumber } from "../network/host.ts";
import type { EgressRule } from "../rpc/protocol.ts";
import { type NetworkEntry, toEgressRules } from "../spec/network.ts";
import type { PhaseOutcome } from "./events.ts";
import { findImage, noteImage } from "./find_image.ts";
import type { Pipeline } from "./pipeline.ts";
import { preparedKey } from "./prepared_key.ts";
import { tryTwice } from "./second_try.ts";

/**
 * Installs the dependencies: runs the playbook in a worker that starts from
 * the pristine image, and keeps its disk for later builds.
 *
 * @param image digest of the worker image
 * @returns the prepared disk's key, and how the phase ended
 * @throws {BuildFailedError} `playbook-failed`; nothing is kept then
 */
export async function prepare(
  pipeline: Pipeline,
  image: string,
  ansible: readonly unknown[],
): Promise<{ key: string; outcome: PhaseOutcome }> {
  const { spec, useCache, state, learn } = pipeline.parts;
  const { resources, network } = spec;
  const key = preparedKey({
    imageDigest: image,
    ansible,
    network: network.prepare === undefined
      ? { besides: pipeline.parts.addedPrepare }
      : { only: network.prepare },
    learn,
    diskBytes: resources.diskBytes,
  });
  state.prepared = { key, reused: false };
  if (useCache && !learn) {
    const found = await findImage(pipeline, { image, prepared: key });
    if (found.prepared) {
      state.prepared.reused = true;
      return { key, outcome: "reused" };
    }
  }
  await tryTwice(
    pipeline,
    "prepare",
    () => prepareDisk(pipeline, image, ansible, key),
  );
  return { key, outcome: "done" };
}

/** Makes the prepared disk. */
async function prepareDisk(
  pipeline: Pipeline,
  image: string,
  ansible: readonly unknown[],
  key: string,
): Promise<void> {
  const { build, spec, state, learn } = pipeline.parts;
  const { network } = spec;
  const { worker } = await pipeline.call("worker.boot", {
    build,
    base: { image },
    ...pipeline.workerResources(),
    network: network.prepare === "none" ? null : { rules: null, learn },
    sealable: true,
    seconds: Date.now() / 1000,
  });
  let refreshPackageLists = false;
  if (network.prepare !== "none") {
    const { rules } = await pipeline.call("worker.repositories", { worker });
    const repositories = rules.filter(isRepository);
    const allowed = allowedHosts(pipeline, repositories, network.prepare);
    state.egress.prepare.allowed = allowed;
    await pipeline.allow(worker, allowed);
    refreshPackageLists = learn || mayReachAll(repositories, allowed);
  }
  const exitCode = await pipeline.runStep(worker, {
    kind: "prepare",
    playbook: JSON.stringify(ansible),
    refreshPackageLists,
  });
  if (exitCode !== 0) {
    await pipeline.destroyWorker("prepare");
    throw new BuildFailedError(
      "playbook-failed",
      `The playbook failed with exit status ${exitCode}`,
      { hint: "Its output is in the log; nothing of it was kept" },
    );
  }
  await pipeline.call("worker.poweroff", { worker });
  await pipeline.parts.judge.requireInnocence();
  const { usage, seal } = await pipeline.call("worker.seal", {
    worker,
    prepared: key,
  });
  await noteImage(pipeline, key, seal);
  pipeline.noteUsage("prepare", usage);
}

/**
 * Whether a host that an image names can be a package repository. The answer
 * comes from guests: only the user may allow an address, a wildcard or another
 * protocol.
 */
export function isRepository({ host, protocol }: EgressRule): boolean {
  return (protocol === "http" || protocol === "https") &&
    !host.startsWith("*.") && !endsInNumber(host);
}

/** The spec's hosts; without any, what the pristine image is set up for. */
function allowedHosts(
  pipeline: Pipeline,
  repositories: readonly EgressRule[],
  declared: readonly NetworkEntry[] | undefined,
): EgressRule[] {
  if (declared !== undefined) return toEgressRules(declared);
  const { denied, opened, addedPrepare } = pipeline.parts;
  const named = [...repositories, ...toEgressRules(addedPrepare)];
  const { rules, closed } = reachable(named, denied, opened);
  for (const place of closed) {
    pipeline.note(
      `The worker image names a package repository that only you can open: ${place}`,
    );
  }
  pipeline.note(
    rules.length === 0
      ? "The worker image names no package repositories: the playbook reaches no hosts"
      : `The playbook may reach the worker image's package repositories: ${
        rules.map(({ host, port }) => `${host}:${port}`).join(", ")
      }`,
  );
  return rules;
}

/**
 * The rules that neither the user denies nor only the user can open, and what
 * the latter are: what an image names opens nothing.
 */
export function reachable(
  named: readonly EgressRule[],
  denied: readonly string[],
  opened: readonly string[],
): { rules: EgressRule[]; closed: string[] } {
  const denying = denyingPatterns(denied);
  const surroundings = { opened: new HostPatterns(opened), own: [] };
  const closed = new Set<string>();
  const rules = named.filter(({ host }) => {
    if (denying.covering(host) !== undefined) return false;
    const kind = closedHost(host, surroundings);
    if (kind !== undefined) closed.add(describePlace(host, kind));
    return kind === undefined;
  });
  return { rules, closed: [...closed] };
}

/** To ask a repository that may not be reached would be held against the build. */
function mayReachAll(
  destinations: readonly EgressRule[],
  allowed: readonly EgressRule[],
): boolean {
  const allowlist = new Allowlist(allowed);
  return destinations.length > 0 &&
    destinations.every((destination) => allowlist.match(destination));
}
