/**
 * Names to addresses, as the host's own programs see them.
 *
 * @module
 */

import { lookup } from "node:dns/promises";

/** All addresses of a host name, IPv4 and IPv6, in the order to try them. */
export type Resolve = (host: string) => Promise<string[]>;

/**
 * Asks the system's resolver (getaddrinfo), so `/etc/hosts`, search domains and
 * split DNS count; it needs net permission only. `Deno.resolveDns` asks the
 * first name server alone.
 */
export const resolveBySystem: Resolve = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};
