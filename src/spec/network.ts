/**
 * Hosts that a build spec allows a worker to reach.
 *
 * @module
 */

import { z } from "zod";
import type { EgressRule } from "../shared/network/egress_rule.ts";
import {
  isProtocolName,
  PLAIN,
  type ProtocolName,
  protocolNames,
  protocols,
} from "../shared/network/protocols.ts";
import { hostSchema } from "./host.ts";

const tcpPattern = /^tcp:([1-9][0-9]{0,4})$/;

/** What is spoken with a host, as written in a spec. */
export type NetworkProtocol = ProtocolName | `tcp:${number}`;

/** A host that may be reached; `host` is in lower case. */
export interface NetworkEntry {
  readonly host: string;
  readonly protocols: readonly NetworkProtocol[];
}

/** What a phase may reach; `none`: its worker has no network card. */
export type PhaseNetwork = readonly NetworkEntry[] | "none";

/**
 * Bounds that keep an allowlist below what the manager accepts, which is 2000
 * rules, also with the entries of a user's configuration.
 */
const MAX_ENTRIES = 100;
const MAX_CONFIGURED_ENTRIES = 25;
export const MAX_PROTOCOLS = 16;

/** What is expected of a protocol; messages say so. */
export const protocolExpectation = `${
  protocolNames.map((name) => `"${name}"`).join(", ")
} or "tcp:PORT"`;

/** The protocols with their ports, such as `http (port 80), https (443)`. */
export function listProtocols(): string {
  return protocolNames.map((name, index) =>
    `${name} (${index === 0 ? "port " : ""}${protocols[name].port})`
  ).join(", ");
}

const protocolSchema = z.string({ error: protocolExpectation })
  .refine((text) => parseProtocol(text) !== undefined, {
    error: protocolExpectation,
  })
  .meta({
    description:
      `What is spoken: ${listProtocols()}, or any protocol at a TCP port`,
    pattern: `^(${protocolNames.join("|")}|tcp:[1-9][0-9]{0,4})$`,
  });

/** The schema of one entry. */
export const networkEntrySchema = z.strictObject({
  host: hostSchema,
  protocols: z.array(protocolSchema, { error: "a list of protocols" })
    .min(1, { error: "at least one protocol" })
    .max(MAX_PROTOCOLS, { error: `at most ${MAX_PROTOCOLS} protocols` })
    .meta({ description: "What may be spoken with the host" }),
}, { error: 'a mapping with "host" and "protocols"' });

function allowlistSchema(maxEntries: number) {
  return z.array(networkEntrySchema, { error: "a list of hosts" })
    .max(maxEntries, { error: `at most ${maxEntries} hosts` });
}

/** The schema of an allowlist. */
export const networkSchema = allowlistSchema(MAX_ENTRIES);

/** The schema of an allowlist that holds for all builds of a user. */
export const configuredNetworkSchema = allowlistSchema(MAX_CONFIGURED_ENTRIES);

/** The schema of what a phase may reach. */
export const phaseNetworkSchema = z.union([z.literal("none"), networkSchema], {
  error: 'a list of hosts or "none"',
});

/** Brings entries that fit the schema into their normal form. */
export function toNetworkEntries(
  entries: z.infer<typeof networkSchema>,
): NetworkEntry[] {
  return entries.map(({ host, protocols }) => ({
    host: host.toLowerCase(),
    protocols: protocols as NetworkProtocol[],
  }));
}

/** Brings what a phase may reach into its normal form. */
export function toPhaseNetwork(
  network: z.infer<typeof phaseNetworkSchema>,
): PhaseNetwork {
  return network === "none" ? network : toNetworkEntries(network);
}

/** A rule's protocol as it is written in a spec. */
export function writeProtocol(
  { port, protocol }: Pick<EgressRule, "port" | "protocol">,
): NetworkProtocol {
  return protocol !== PLAIN && protocols[protocol].port === port
    ? protocol
    : `tcp:${port}`;
}

/** Port and protocol as the gateway knows them; `undefined` if neither. */
function parseProtocol(
  text: string,
): Pick<EgressRule, "port" | "protocol"> | undefined {
  if (isProtocolName(text)) {
    return { port: protocols[text].port, protocol: text };
  }
  const port = Number(tcpPattern.exec(text)?.[1]);
  return port >= 1 && port <= 65_535 ? { port, protocol: PLAIN } : undefined;
}

/** The gateway's rules for an allowlist, each once. */
export function toEgressRules(entries: readonly NetworkEntry[]): EgressRule[] {
  const rules = new Map<string, EgressRule>();
  for (const { host, protocols } of entries) {
    for (const text of protocols) {
      const target = parseProtocol(text);
      if (target === undefined) continue;
      rules.set(`${host} ${target.port} ${target.protocol}`, {
        host,
        ...target,
      });
    }
  }
  return [...rules.values()];
}
