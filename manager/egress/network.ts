/**
 * The links between workers and the gateway, as far as the kernel knows them:
 * a tap device with two addresses for each worker, and no way from one to
 * another. What may come out of a worker is up to its link's filter.
 *
 * @module
 */

import { runCommand } from "../system/commands.ts";
import { LinkFilter } from "./link_filter.ts";
import { MAX_LINKS, SYNTHETIC_RANGE } from "./synthetic_addresses.ts";

/** Prefix of all workers' tap devices. */
const TAP_PREFIX = "worker";

/** Names and addresses of a worker's link. */
export interface Link {
  number: number;
  tap: string;
  mac: string;
  /** The agent's end; a saved worker remembers both of its addresses. */
  gateway: string;
  gatewayMac: string;
  /** The worker's end. */
  worker: string;
}

/** Describes the link with a number below MAX_LINKS. */
export function describeLink(number: number): Link {
  const octet = number.toString(16).padStart(2, "0");
  return {
    number,
    tap: `${TAP_PREFIX}${number}`,
    mac: `52:54:00:c0:00:${octet}`,
    gatewayMac: `52:54:00:c0:01:${octet}`,
    gateway: `10.123.${number}.1`,
    worker: `10.123.${number}.2`,
  };
}

/** Nothing is ever forwarded, whatever else is set up. */
const baseRuleset = `\
table inet contractor
delete table inet contractor
table inet contractor {
  chain forward {
    type filter hook forward priority filter; policy drop;
  }
}
`;

/** A link that is up, and what lets its worker's packets through. */
export interface OpenLink {
  readonly link: Link;
  readonly filter: LinkFilter;
}

/** The manager's links; each number is used by one worker at a time. */
export class Network {
  readonly #used = new Set<number>();
  #opened: Promise<void> | undefined;

  /** Creates a link, or returns undefined if all are taken. */
  async addLink(): Promise<OpenLink | undefined> {
    await (this.#opened ??= openNetwork());
    const number = Array.from({ length: MAX_LINKS }, (_, index) => index)
      .find((index) => !this.#used.has(index));
    if (number === undefined) return undefined;
    this.#used.add(number);
    const link = describeLink(number);
    const filter = new LinkFilter(link);
    try {
      await ip(["tuntap", "add", "dev", link.tap, "mode", "tap", "vnet_hdr"]);
      await filter.install();
      await runCommand("ip", ["-batch", "-"], { input: linkCommands(link) });
    } catch (error) {
      await this.removeLink({ link, filter });
      throw error;
    }
    return { link, filter };
  }

  /** Removes a link, as far as it exists. */
  async removeLink({ link, filter }: OpenLink): Promise<void> {
    await ip(["link", "delete", "dev", link.tap]).catch(() => {});
    await filter.remove();
    this.#used.delete(link.number);
  }
}

/**
 * What brings a link up, for `ip -batch`. The worker's address is never asked
 * for: the question would come from a synthetic address, and the answer look
 * like an attempt to reach that.
 */
export function linkCommands(
  { tap, gateway, gatewayMac, worker, mac }: Link,
): string {
  return `\
address add ${gateway}/30 dev ${tap}
link set dev ${tap} address ${gatewayMac} up
neighbor replace ${worker} lladdr ${mac} dev ${tap} nud permanent
`;
}

async function openNetwork(): Promise<void> {
  await runCommand("nft", ["-f", "-"], { input: baseRuleset });
  // A listener can be bound to any address of the range.
  await ip(["route", "replace", "local", SYNTHETIC_RANGE, "dev", "lo"]);
}

/** Removes links that an earlier agent left. */
export async function removeLeftLinks(): Promise<void> {
  const links = await ip(["-oneline", "link", "show"]);
  for (const match of links.matchAll(/^[0-9]+: worker([0-9]+)[:@]/gm)) {
    const link = describeLink(Number(match[1]));
    await ip(["link", "delete", "dev", link.tap]);
    await new LinkFilter(link).remove();
  }
}

function ip(args: readonly string[]): Promise<string> {
  return runCommand("ip", args);
}
