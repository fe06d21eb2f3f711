/**
 * What may come out of a worker's network card: the packet filter at the
 * moment of arrival (netfilter's ingress hook), before any of the manager's
 * own protocols sees the packet. What it refuses, it counts and logs.
 *
 * Source: nft(8), "NETDEV ADDRESS FAMILY".
 *
 * @module
 */

import { z } from "zod";
import { runCommand } from "../system/commands.ts";
import type { Link } from "./network.ts";
import { syntheticRange } from "./synthetic_addresses.ts";

/** An address and a TCP port that a worker may connect to. */
export interface Endpoint {
  address: string;
  port: number;
}

/** Refused packets that are logged; a flood is only counted. */
const LOGGED_PER_SECOND = 50;

/** Enough for the headers and the first bytes of what is refused. */
const LOGGED_BYTES = 256;

/** Of the manager's own packets, where the kernel hands them back. */
const OWN_MARK = 1;

/** NFLOG group of a link's refused packets. */
export function logGroup(link: Link): number {
  return link.number;
}

/**
 * The filter of one link: ARP, DHCP and DNS with the gateway, and TCP to the
 * endpoints in the set. Dropped silently, since they are no attempts: what an
 * IPv6 stack says to an empty link when it starts, the answer to an answer that
 * came too late, and the last packets of connections that are over. And the
 * copies of what the manager itself sends to all, such as DHCP's answers: the
 * kernel has them arrive, too. They bear a mark, which no worker can set.
 */
export function filterRuleset(link: Link): string {
  const { tap, mac, gateway, worker } = link;
  return `\
table netdev ${tap} {
  counter refused { }
  set endpoints {
    type ipv4_addr . inet_service
  }
  chain refuse {
    counter name refused
    limit rate ${LOGGED_PER_SECOND}/second burst ${LOGGED_PER_SECOND} packets log group ${
    logGroup(link)
  } snaplen ${LOGGED_BYTES} queue-threshold 1
    drop
  }
  chain ingress {
    type filter hook ingress device "${tap}" priority filter; policy drop;
    meta mark ${OWN_MARK} drop
    ether saddr != ${mac} goto refuse
    arp operation { request, reply } arp saddr ether ${mac} arp saddr ip { 0.0.0.0, ${worker} } arp daddr ip { ${gateway}, ${worker} } accept
    ip saddr ${worker} ip daddr . tcp dport @endpoints accept
    ip saddr ${worker} ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept
    ip saddr { 0.0.0.0, ${worker} } ip daddr { 255.255.255.255, ${gateway} } udp sport 68 udp dport 67 accept
    ip saddr ${worker} ip daddr ${gateway} icmp type destination-unreachable drop
    ip saddr ${worker} ip daddr ${
    syntheticRange(link.number)
  } tcp flags & syn == 0 drop
    ip6 daddr ff02::/16 icmpv6 type { nd-router-solicit, nd-neighbor-solicit, mld-listener-report, mld2-listener-report } drop
    goto refuse
  }
}
table inet ${tap} {
  chain output {
    type filter hook output priority filter; policy accept;
    oifname "${tap}" ip daddr 255.255.255.255 meta mark set ${OWN_MARK}
  }
}
`;
}

/**
 * Redirects addresses that the spec names literally to the synthetic ones at
 * which the gateway listens for them.
 */
export function literalsRuleset(
  link: Link,
  literals: ReadonlyMap<string, string>,
): string {
  const table = `table ip ${link.tap}`;
  const fresh = `${table}\ndelete ${table}\n`;
  if (literals.size === 0) return fresh;
  const map = [...literals].map(([from, to]) => `${from} : ${to}`).join(", ");
  return `${fresh}\
${table} {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "${link.tap}" dnat to ip daddr map { ${map} }
  }
}
`;
}

const counterSchema = z.object({
  nftables: z.array(z.object({
    counter: z.object({ packets: z.int().min(0) }).optional(),
  })),
});

/** Reads the counter from what `nft --json list counter` prints. */
export function parseCounter(output: string): number {
  const { nftables } = counterSchema.parse(JSON.parse(output));
  const counter = nftables.find(({ counter }) => counter)?.counter;
  if (counter === undefined) throw new Error("nft listed no counter");
  return counter.packets;
}

/** The filter of one link, in the kernel. */
export class LinkFilter {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Puts the filter in force; nothing may be reached at first. */
  async install(): Promise<void> {
    await nft(filterRuleset(this.#link));
  }

  /** Lets the worker connect to more endpoints. */
  async add(endpoints: readonly Endpoint[]): Promise<void> {
    if (endpoints.length > 0) await nft(this.#addition(endpoints));
  }

  /** Replaces all endpoints, and the addresses that stand for literal ones. */
  async replace(
    endpoints: readonly Endpoint[],
    literals: ReadonlyMap<string, string>,
  ): Promise<void> {
    const set = `netdev ${this.#link.tap} endpoints`;
    await nft(
      `flush set ${set}\n` + this.#addition(endpoints) +
        literalsRuleset(this.#link, literals),
    );
  }

  /** Packets that were refused since the filter was installed. */
  async refused(): Promise<number> {
    return parseCounter(
      await runCommand("nft", [
        ...["--json", "list", "counter", "netdev"],
        ...[this.#link.tap, "refused"],
      ]),
    );
  }

  /** Removes the filter, as far as it exists. */
  async remove(): Promise<void> {
    const { tap } = this.#link;
    await nft(
      ["netdev", "inet", "ip"].map((family) =>
        `table ${family} ${tap}\ndelete table ${family} ${tap}\n`
      ).join(""),
    ).catch((error) => console.error("cannot remove a filter:", error));
  }

  #addition(endpoints: readonly Endpoint[]): string {
    if (endpoints.length === 0) return "";
    const elements = endpoints
      .map(({ address, port }) => `${address} . ${port}`).join(", ");
    return `add element netdev ${this.#link.tap} endpoints { ${elements} }\n`;
  }
}

function nft(ruleset: string): Promise<string> {
  return runCommand("nft", ["-f", "-"], { input: ruleset });
}
