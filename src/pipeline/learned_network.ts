/**
 * The `network` section of a build spec as YAML text, to review and paste.
 *
 * @module
 */

import type { EgressRule } from "../shared/rpc/protocol.ts";
import { isProtocolName, protocolNames } from "../shared/network/protocols.ts";
import {
  MAX_PROTOCOLS,
  type NetworkEntry,
  type NetworkProtocol,
  type PhaseNetwork,
  writeProtocol,
} from "../spec/network.ts";

/** What each phase may reach; what is undefined is left out. */
interface PhaseNetworks {
  readonly prepare: PhaseNetwork | undefined;
  readonly build: PhaseNetwork | undefined;
}

/** Writes the section that allows these hosts; empty phases are left out. */
export function formatNetwork(
  { prepare, build }: {
    prepare: readonly NetworkEntry[];
    build: readonly NetworkEntry[];
  },
): string {
  return formatSection({
    prepare: prepare.length === 0 ? undefined : prepare,
    build: build.length === 0 ? undefined : build,
  });
}

/**
 * Writes the section that allows what a spec allows and what was learned.
 *
 * @param repositories what the playbook could reach where the spec does not
 *   say: a list of its own replaces these
 */
export function formatLearnedNetwork(
  declared: PhaseNetworks,
  learned: {
    readonly prepare: readonly EgressRule[];
    readonly build: readonly EgressRule[];
  },
  repositories: readonly EgressRule[] = [],
): string {
  const prepare = declared.prepare ??
    (learned.prepare.length === 0 ? undefined : toEntries(repositories));
  return formatSection({
    prepare: addLearned(prepare, learned.prepare),
    build: addLearned(declared.build, learned.build),
  });
}

function addLearned(
  declared: PhaseNetwork | undefined,
  learned: readonly EgressRule[],
): PhaseNetwork | undefined {
  if (learned.length === 0) return declared;
  const entries = declared === "none" ? [] : declared ?? [];
  return [...entries, ...toEntries(learned)];
}

function toEntries(rules: readonly EgressRule[]): NetworkEntry[] {
  return rules.map((rule) => ({
    host: rule.host,
    protocols: [writeProtocol(rule)],
  }));
}

function formatSection({ prepare, build }: PhaseNetworks): string {
  const lines = [
    ...formatPhase("prepare", prepare),
    ...formatPhase("build", build),
  ];
  return lines.length === 0
    ? "network: {}\n"
    : ["network:", ...lines, ""].join("\n");
}

function formatPhase(
  phase: string,
  network: PhaseNetwork | undefined,
): string[] {
  if (network === undefined) return [];
  if (network === "none") return [`  ${phase}: none`];
  if (network.length === 0) return [`  ${phase}: []`];
  return [
    `  ${phase}:`,
    ...merge(network).flatMap(({ host, protocols }) => [
      `    - host: ${formatHost(host)}`,
      `      protocols: [${protocols.map(formatProtocol).join(", ")}]`,
    ]),
  ];
}

/** Each host with all its protocols, sorted. */
function merge(entries: readonly NetworkEntry[]): NetworkEntry[] {
  const byHost = new Map<string, Set<NetworkProtocol>>();
  for (const { host, protocols } of entries) {
    const known = byHost.get(host);
    byHost.set(host, new Set([...known ?? [], ...protocols]));
  }
  const hosts = [...byHost.keys()].sort();
  return hosts.flatMap((host) => {
    const protocols = [...byHost.get(host)!].sort(compareProtocols);
    const parts: NetworkEntry[] = [];
    while (protocols.length > 0) {
      parts.push({ host, protocols: protocols.splice(0, MAX_PROTOCOLS) });
    }
    return parts;
  });
}

function compareProtocols(a: NetworkProtocol, b: NetworkProtocol): number {
  return rank(a) - rank(b);
}

/** Names come ahead of ports. */
function rank(protocol: NetworkProtocol): number {
  return isProtocolName(protocol)
    ? protocolNames.indexOf(protocol)
    : protocolNames.length + Number(protocol.slice("tcp:".length));
}

/** Others may be another kind of value in YAML, such as `no` or `1.e-5`. */
function formatHost(host: string): string {
  return /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+$/.test(host)
    ? host
    : JSON.stringify(host);
}

function formatProtocol(protocol: NetworkProtocol): string {
  return protocol.startsWith("tcp:") ? JSON.stringify(protocol) : protocol;
}
