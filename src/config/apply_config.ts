/**
 * A build spec under a user's configuration.
 *
 * @module
 */

import { toResources } from "../spec/build_spec.ts";
import type { LoadedSpec } from "../spec/load.ts";
import type { NetworkEntry, PhaseNetwork } from "../spec/network.ts";
import { SpecError } from "../spec/problem.ts";
import type { ResourcesData } from "../spec/schema.ts";
import { capOfCpus, capUnset, findExcess } from "./resource_caps.ts";
import {
  findConflicts,
  type Keep,
  type ManagerPreferences,
  type UserConfig,
} from "./user_config.ts";

/** A build spec with what the user's configuration adds. */
export interface ConfiguredSpec extends LoadedSpec {
  /** Names and `*.names` that may never be reached. */
  readonly denied: readonly string[];
  /**
   * What the playbook may reach besides the package repositories of the image;
   * empty if the spec lists its hosts, where they are added already.
   */
  readonly addedPrepare: readonly NetworkEntry[];
  /** Most processors of a worker if the spec does not say how many. */
  readonly maxCpus: number | undefined;
  readonly manager: ManagerPreferences;
  readonly keep: Keep;
}

/**
 * Applies a configuration to a spec: hosts are added, limits that the spec
 * leaves out are set. `data` stays as it is written.
 *
 * @throws {SpecError} if the spec allows what the configuration denies, or
 * wants more than it may
 */
export function applyConfig(
  loaded: LoadedSpec,
  config: UserConfig,
): ConfiguredSpec {
  const { spec, data } = loaded;
  const { prepare, build } = spec.network;
  refuse(loaded, config);
  return {
    ...loaded,
    spec: {
      ...spec,
      resources: toResources(capUnset(
        mergeResources(config.resources, data.resources ?? {}),
        config.caps,
      )),
      network: {
        prepare: prepare && addEntries(prepare, config.network.prepare),
        build: addEntries(build, config.network.build),
      },
    },
    denied: config.network.deny.map(({ name }) => name),
    addedPrepare: prepare === undefined ? config.network.prepare : [],
    maxCpus: capOfCpus(config.caps),
    manager: config.manager,
    keep: config.keep,
  };
}

function refuse(loaded: LoadedSpec, config: UserConfig): void {
  const denied = (["prepare", "build"] as const).flatMap((phase) => {
    const network = loaded.spec.network[phase];
    const entries = network === undefined || network === "none" ? [] : network;
    return findConflicts(config, phase, entries);
  });
  const excess = findExcess(loaded.data.resources ?? {}, config);
  const problems = [...denied, ...excess].map((
    { path, part, message, hint },
  ) => ({
    ...loaded.positionOf(path, part),
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
  if (problems.length > 0) throw new SpecError(loaded.path, problems);
}

/** A worker without a network card stays without one. */
function addEntries(
  network: PhaseNetwork,
  added: readonly NetworkEntry[],
): PhaseNetwork {
  return network === "none" ? network : [...network, ...added];
}

/** The limits of the spec, and those that it leaves out. */
function mergeResources(
  general: ResourcesData,
  own: ResourcesData,
): ResourcesData {
  const bandwidth = { ...general.bandwidth, ...own.bandwidth };
  return { ...general, ...own, bandwidth };
}
