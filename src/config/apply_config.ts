/**
 * A build spec under a user's configuration.
 *
 * @module
 */

import { closedHost, type Surroundings } from "../egress/closed_places.ts";
import { HostPatterns } from "../shared/network/host_patterns.ts";
import type { AutorunProgram } from "../guest/trees/autorun_files.ts";
import type { LoadedSpec } from "../spec/load.ts";
import type { NetworkEntry, PhaseNetwork } from "../spec/network.ts";
import { SpecError } from "../spec/problem.ts";
import { mergeLimits, toResources } from "../spec/limits.ts";
import { findRefused } from "./refused_hosts.ts";
import { capOfCpus, capUnset, findExcess } from "./resource_caps.ts";
import type { Keep, ManagerPreferences, UserConfig } from "./user_config.ts";

/** A build spec with what the user's configuration adds. */
export interface ConfiguredSpec extends LoadedSpec {
  /** Names, addresses and ranges that may never be reached. */
  readonly denied: readonly string[];
  /** Closed places, written alike, that may be reached if the spec names them. */
  readonly opened: readonly string[];
  /** Hosts that the build may reach since the user opens them. */
  readonly openedHosts: readonly string[];
  /**
   * What the playbook may reach besides the package repositories of the image;
   * empty if the spec lists its hosts, where they are added already.
   */
  readonly addedPrepare: readonly NetworkEntry[];
  /** Programs whose files come back although they run them by themselves. */
  readonly keepAutorun: readonly AutorunProgram[];
  /** Most processors of a worker if the spec does not say how many. */
  readonly maxCpus: number | undefined;
  readonly manager: ManagerPreferences;
  readonly keep: Keep;
}

/** What is known besides of a build's surroundings. */
export interface AppliedTo {
  /** Closed places that the user opens on the command line. */
  readonly opened?: readonly string[];
  /** Addresses of this machine. */
  readonly own?: readonly string[];
}

/**
 * Applies a configuration to a spec: hosts are added, limits that the spec
 * leaves out are set. `data` stays as it is written.
 *
 * @throws {SpecError} if the spec allows what the configuration denies, or what
 *   only the user can open, or wants more than it may
 */
export function applyConfig(
  loaded: LoadedSpec,
  config: UserConfig,
  { opened: alsoOpened = [], own = [] }: AppliedTo = {},
): ConfiguredSpec {
  const { spec, data } = loaded;
  const { prepare, build } = spec.network;
  const opened = [...config.network.opened, ...alsoOpened];
  const surroundings = { opened: new HostPatterns(opened), own };
  refuse(loaded, config, surroundings);
  const network = {
    prepare: prepare && addEntries(prepare, config.network.prepare),
    build: addEntries(build, config.network.build),
  };
  const addedPrepare = prepare === undefined ? config.network.prepare : [];
  return {
    ...loaded,
    spec: {
      ...spec,
      resources: toResources(capUnset(
        mergeLimits(config.resources, data.resources ?? {}),
        config.caps,
      )),
      network,
    },
    denied: config.network.deny.map(({ name }) => name),
    opened,
    openedHosts: findOpened(
      [network.prepare ?? addedPrepare, network.build],
      surroundings,
    ),
    addedPrepare,
    keepAutorun: config.keepAutorun,
    maxCpus: capOfCpus(config.caps),
    manager: config.manager,
    keep: config.keep,
  };
}

/** The hosts of allowlists that would be closed without the user's word. */
function findOpened(
  networks: readonly PhaseNetwork[],
  { opened, own }: Surroundings,
): string[] {
  const closed = { opened: new HostPatterns(), own };
  const hosts = networks.flatMap((network) => network === "none" ? [] : network)
    .map(({ host }) => host)
    .filter((host) =>
      opened.coveringName(host) !== undefined ||
      closedHost(host, closed) !== undefined
    );
  return [...new Set(hosts)];
}

function refuse(
  loaded: LoadedSpec,
  config: UserConfig,
  surroundings: Surroundings,
): void {
  const refused = findRefused(loaded.spec.network, {
    path: config.path,
    denied: config.network.deny,
    ...surroundings,
    advice:
      'A build spec cannot open it: you can, with --allow-private or "network.private" in your configuration',
  });
  const excess = findExcess(loaded.data.resources ?? {}, config);
  const problems = [...refused, ...excess].map((
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
