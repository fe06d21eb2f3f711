/**
 * Which addresses are nobody's business: what is not on the public internet but
 * on the user's own machine, network or cloud.
 *
 * The documentation ranges (RFC 5737, RFC 3849) are dialed: no host has them by
 * itself, and some networks map their package mirrors there.
 *
 * @module
 */

import ipaddr from "ipaddr.js";
import {
  type Address,
  embeddedIpv4,
  isWithin,
  parseAddress,
  type Range,
} from "../shared/network/ip_address.ts";

/** What a closed place is, as messages call it. */
export const closedKinds = {
  "metadata": "the cloud's metadata service",
  "unspecified": "another way to write this machine",
  "private": "in a private network",
  "carrier-grade NAT": "in a carrier's private network (carrier-grade NAT)",
  "loopback": "this machine itself (loopback)",
  "own": "one of this machine's own",
  "link-local": "link-local, for neighbours on the same wire",
  "site-local": "in a private network (site-local)",
  "multicast": "a multicast address, no single host",
  "broadcast": "a broadcast address, no single host",
  "protocol assignment": "set aside for protocols",
  "6to4 relay": "a 6to4 relay",
  "benchmarking": "set aside for benchmarks",
  "reserved": "reserved",
  "not an address": "not an address in its usual notation",
} as const;

/** Why a place is closed to a build spec. */
export type ClosedKind = keyof typeof closedKinds;

/** No user can open these: nothing that a connection could be for. */
const neverOpened: ReadonlySet<ClosedKind> = new Set([
  "unspecified",
  "multicast",
  "broadcast",
  "not an address",
]);

/** Secrets for whoever asks: no range opens these by the way. */
const openedByAddress: ReadonlySet<ClosedKind> = new Set(["metadata"]);

/** What a name leads to where a company has servers of its own. */
const openedByName: ReadonlySet<ClosedKind> = new Set([
  "private",
  "carrier-grade NAT",
  "site-local",
  "loopback",
  "own",
]);

type Table = Partial<Record<ClosedKind, string[]>>;

function ranges(table: Table): [ClosedKind, Range][] {
  return Object.entries(table).flatMap(([kind, cidrs]) =>
    cidrs.map((cidr): [ClosedKind, Range] => [
      kind as ClosedKind,
      ipaddr.parseCIDR(cidr),
    ])
  );
}

/** From the IANA special-purpose registry, and the clouds' own documentation. */
const closedIpv4 = ranges({
  "metadata": [
    "169.254.169.254/32",
    // Credentials of containers, on AWS.
    "169.254.170.2/32",
    "169.254.170.23/32",
    // Azure, Alibaba, Oracle and Tencent.
    "168.63.129.16/32",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "169.254.0.23/32",
  ],
  "unspecified": ["0.0.0.0/8"],
  "private": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
  "carrier-grade NAT": ["100.64.0.0/10"],
  "loopback": ["127.0.0.0/8"],
  "link-local": ["169.254.0.0/16"],
  "protocol assignment": ["192.0.0.0/24"],
  "6to4 relay": ["192.88.99.0/24"],
  "benchmarking": ["198.18.0.0/15"],
  "multicast": ["224.0.0.0/4"],
  "broadcast": ["255.255.255.255/32"],
  "reserved": ["240.0.0.0/4"],
});

const closedIpv6 = ranges({
  "metadata": ["fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128"],
  "unspecified": ["::/128"],
  "loopback": ["::1/128"],
  "private": ["fc00::/7"],
  "link-local": ["fe80::/10"],
  "site-local": ["fec0::/10"],
  "multicast": ["ff00::/8"],
  "benchmarking": ["2001:2::/48"],
  "protocol assignment": ["2001::/23"],
});

/** The only part of IPv6 from which public addresses are given out. */
const globalUnicastIpv6: Range = ipaddr.parseCIDR("2000::/3");

function kindIn(
  table: readonly [ClosedKind, Range][],
  address: Address,
): ClosedKind | undefined {
  return table.find(([, range]) => isWithin(address, range))?.[0];
}

function kindOfIpv6(address: ipaddr.IPv6): ClosedKind | undefined {
  if (address.zoneId !== undefined) return "link-local";
  const embedded = embeddedIpv4(address);
  if (embedded.length > 0) {
    return embedded.map((ipv4) => kindIn(closedIpv4, ipv4))
      .find((kind) => kind !== undefined);
  }
  return kindIn(closedIpv6, address) ??
    (isWithin(address, globalUnicastIpv6) ? undefined : "reserved");
}

/**
 * Tells why an address is closed to a build spec, or `undefined` if it is on
 * the public internet. Only addresses in their usual notation are that.
 */
export function kindOfAddress(text: string): ClosedKind | undefined {
  const address = parseAddress(text);
  if (address === undefined) return "not an address";
  return address instanceof ipaddr.IPv6
    ? kindOfIpv6(address)
    : kindIn(closedIpv4, address);
}

/** Whether a user can open a place of a kind at all. */
export function canBeOpened(kind: ClosedKind): boolean {
  return !neverOpened.has(kind);
}

/** Whether a range that a user opened holds for a place of a kind. */
export function mayBeInRange(kind: ClosedKind): boolean {
  return !openedByAddress.has(kind);
}

/**
 * Whether a name that a user opened may lead to a place of a kind. The others,
 * such as the metadata service, are what no server's name leads to: they are
 * opened by their address alone.
 */
export function mayBeNamed(kind: ClosedKind): boolean {
  return openedByName.has(kind);
}
