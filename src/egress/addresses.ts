/**
 * From a destination to the addresses that may be dialed for it. They are
 * looked up and judged anew for each connection.
 *
 * @module
 */

import type { Destination } from "../shared/network/egress_rule.ts";
import {
  closedAddress,
  describePlace,
  type Surroundings,
} from "./closed_places.ts";
import { EgressRefusedError } from "./egress_error.ts";
import type { HostPatterns } from "../shared/network/host_patterns.ts";
import { isAddressLiteral } from "../shared/network/ip_address.ts";
import { within } from "./late_answer.ts";
import type { Resolve } from "./resolver.ts";

/** A destination as messages show it. */
export function quoteDestination({ host, port }: Destination): string {
  return `"${host}:${port}"`;
}

/**
 * All addresses of a destination.
 *
 * @throws {EgressRefusedError} `no-address`
 */
export async function addressesOf(
  destination: Destination,
  resolve: Resolve,
  milliseconds: number,
): Promise<string[]> {
  if (isAddressLiteral(destination.host)) return [destination.host];
  let addresses: string[];
  try {
    addresses = await within(milliseconds, resolve(destination.host));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new EgressRefusedError(
      "no-address",
      `Cannot resolve ${quoteDestination(destination)}: ${detail}`,
      cause,
    );
  }
  if (addresses.length > 0) return addresses;
  throw new EgressRefusedError(
    "no-address",
    `Cannot resolve ${quoteDestination(destination)}: it has no address`,
  );
}

/** What decides on addresses besides the build's rules. */
export interface AddressRules extends Surroundings {
  /** What the user denies to all builds. */
  readonly denied: HostPatterns;
}

/**
 * Keeps what may be dialed: public addresses, and what the user opened.
 *
 * @throws {EgressRefusedError} `refused-address` if nothing is left
 */
export function selectAddresses(
  destination: Destination,
  addresses: readonly string[],
  rules: AddressRules,
): string[] {
  const { allowed, refused } = judge(destination, addresses, rules);
  if (allowed.length === 0) refuse(destination, refused);
  return allowed;
}

/**
 * Passes if all addresses may be dialed, for whoever cannot choose among them.
 *
 * @throws {EgressRefusedError} `refused-address`
 */
export function requireAddresses(
  destination: Destination,
  addresses: readonly string[],
  rules: AddressRules,
): void {
  const { refused } = judge(destination, addresses, rules);
  if (refused.size > 0) refuse(destination, refused);
}

/** Refused addresses come with the reason. */
function judge(
  { host }: Destination,
  addresses: readonly string[],
  rules: AddressRules,
): { allowed: string[]; refused: Map<string, string> } {
  const refused = new Map<string, string>();
  const allowed = addresses.filter((address) => {
    const reason = reasonAgainst(host, address, rules);
    if (reason !== undefined) refused.set(address, reason);
    return reason === undefined;
  });
  return { allowed, refused };
}

function refuse(
  destination: Destination,
  refused: ReadonlyMap<string, string>,
): never {
  const [first] = refused.keys();
  throw new EgressRefusedError(
    "refused-address",
    `Refused ${quoteDestination(destination)}: ${
      [...refused.values()].join(", ")
    }`,
    undefined,
    first,
  );
}

function reasonAgainst(
  host: string,
  address: string,
  rules: AddressRules,
): string | undefined {
  if (rules.denied.coveringAddress(address) !== undefined) {
    return `${address} is denied by your configuration`;
  }
  const kind = closedAddress(host, address, rules);
  return kind && describePlace(address, kind);
}
