/**
 * From a destination to the addresses that may be dialed for it. They are
 * looked up and judged anew for each connection.
 *
 * @module
 */

import {
  ipv4AddressesOf,
  isAddressLiteral,
  isSameAddress,
  reasonAgainstAddress,
} from "./address_policy.ts";
import type { Destination } from "./allowlist.ts";
import { EgressRefusedError } from "./egress_error.ts";
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

/** Addresses that are not dialed although they are public. */
export interface RefusedAddresses {
  /** What the user's configuration denies: names and IPv4 addresses. */
  denied: ReadonlySet<string>;
  /** Addresses of this machine: behind them are services for itself alone. */
  own: readonly string[];
}

/**
 * Keeps what may be dialed: public addresses, and the one that the user named.
 *
 * @throws {EgressRefusedError} `refused-address`
 */
export function selectAddresses(
  destination: Destination,
  addresses: readonly string[],
  refused: RefusedAddresses,
): string[] {
  const reasons = new Map<string, string>();
  const allowed = addresses.filter((address) => {
    const reason = reasonAgainst(address, refused);
    if (reason === undefined) return true;
    if (isSameAddress(address, destination.host)) return true;
    reasons.set(address, `${address} is ${reason}`);
    return false;
  });
  if (allowed.length > 0) return allowed;
  const [first] = reasons.keys();
  throw new EgressRefusedError(
    "refused-address",
    `Refused ${quoteDestination(destination)}: ${
      [...reasons.values()].join(", ")
    }`,
    undefined,
    first,
  );
}

function reasonAgainst(
  address: string,
  { denied, own }: RefusedAddresses,
): string | undefined {
  const embedded = ipv4AddressesOf(address);
  if (embedded.some((ipv4) => denied.has(ipv4))) {
    return "denied by your configuration";
  }
  const isOwn = own.some((one) =>
    isSameAddress(one, address) || embedded.includes(one)
  );
  return reasonAgainstAddress(address) ??
    (isOwn ? "one of this machine's own" : undefined);
}
