/**
 * Places that are closed to a build spec, and what the user opens of them.
 *
 * @module
 */

import {
  canBeOpened,
  type ClosedKind,
  closedKinds,
  kindOfAddress,
  mayBeInRange,
  mayBeNamed,
} from "./address_policy.ts";
import type { HostPatterns } from "../shared/network/host_patterns.ts";
import {
  embeddedIpv4,
  isAddressLiteral,
  isSameAddress,
  parseAddress,
} from "../shared/network/ip_address.ts";
import { kindOfName } from "./known_names.ts";

/** Where a build runs, and what its user says about places there. */
export interface Surroundings {
  /** Closed places that the user opens. */
  readonly opened: HostPatterns;
  /** Addresses of this machine: behind them are services for itself alone. */
  readonly own: readonly string[];
}

/** This machine's addresses; it may join a network at any time. */
export function addressesOfInterfaces(): string[] {
  return Deno.networkInterfaces().map(({ address }) => address);
}

/** Why an address is closed to a build spec; `undefined` if it is not. */
export function kindOfPlace(
  address: string,
  own: readonly string[],
): ClosedKind | undefined {
  const kind = kindOfAddress(address);
  if (kind !== undefined) return kind;
  const parsed = parseAddress(address);
  const embedded = parsed === undefined
    ? []
    : embeddedIpv4(parsed).map((ipv4) => ipv4.toString());
  const isOwn = own.some((one) =>
    isSameAddress(one, address) || embedded.includes(one)
  );
  return isOwn ? "own" : undefined;
}

/**
 * Why a host may not be reached at an address; `undefined` if it may.
 *
 * @param host the name, or the address as the spec has it
 */
export function closedAddress(
  host: string,
  address: string,
  { opened, own }: Surroundings,
): ClosedKind | undefined {
  const kind = kindOfPlace(address, own);
  if (kind === undefined) return undefined;
  if (!canBeOpened(kind)) return kind;
  const isOpen = opened.listsAddress(address) ||
    mayBeInRange(kind) && opened.hasAddress(address) ||
    mayBeNamed(kind) && opened.coveringName(host) !== undefined;
  return isOpen ? undefined : kind;
}

/** Why a host is closed to a build spec, as far as it shows without a look-up. */
export function kindOfHost(host: string): ClosedKind | undefined {
  return isAddressLiteral(host) ? kindOfAddress(host) : kindOfName(host);
}

/**
 * Why a host may not be reached, as far as is known without asking for its
 * addresses; `undefined` if nothing is known against it.
 */
export function closedHost(
  host: string,
  surroundings: Surroundings,
): ClosedKind | undefined {
  if (isAddressLiteral(host)) return closedAddress(host, host, surroundings);
  const kind = kindOfName(host);
  return kind && !mayBeOpen(host, kind, surroundings) ? kind : undefined;
}

/** Addresses of the known names that have the same ones everywhere. */
const knownAddresses: Partial<Record<ClosedKind, readonly string[]>> = {
  loopback: ["127.0.0.1", "::1"],
  metadata: ["169.254.169.254", "fd20:ce::254"],
};

/** A name may lead to an address that is opened: that shows when it is dialed. */
function mayBeOpen(
  host: string,
  kind: ClosedKind,
  surroundings: Surroundings,
): boolean {
  const { opened } = surroundings;
  if (opened.coveringName(host) !== undefined) return true;
  const addresses = knownAddresses[kind];
  return addresses === undefined
    ? opened.hasRanges
    : addresses.some((address) =>
      closedAddress(host, address, surroundings) === undefined
    );
}

/** A sentence on a host, such as `10.0.0.1 is in a private network`. */
export function describePlace(host: string, kind: ClosedKind): string {
  return `${host} is ${closedKinds[kind]}`;
}
