/**
 * Which addresses the host dials for a worker: what is on the public internet,
 * never the user's own machine, network or cloud.
 *
 * The documentation ranges (RFC 5737, RFC 3849) are dialed: no host has them by
 * itself, and some networks map their package mirrors there.
 *
 * @module
 */

import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

function ranges(table: Record<string, string[]>): [string, Range][] {
  return Object.entries(table).flatMap(([reason, cidrs]) =>
    cidrs.map((cidr): [string, Range] => [reason, ipaddr.parseCIDR(cidr)])
  );
}

/** From the IANA special-purpose registry, and the clouds' own documentation. */
const refusedIpv4 = ranges({
  "metadata": ["169.254.169.254/32", "168.63.129.16/32", "100.100.100.200/32"],
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

const refusedIpv6 = ranges({
  "metadata": ["fd00:ec2::254/128", "fd20:ce::254/128"],
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

/** IPv6 ranges whose addresses stand for IPv4 ones, and how to read those. */
const embeddings: [Range, (bytes: number[]) => number[][]][] = [
  [ipaddr.parseCIDR("::ffff:0:0/96"), (b) => [b.slice(12)]],
  [ipaddr.parseCIDR("64:ff9b::/96"), (b) => [b.slice(12)]],
  [ipaddr.parseCIDR("2002::/16"), (b) => [b.slice(2, 6)]],
  // Teredo: the server, and the client with its bits inverted.
  [
    ipaddr.parseCIDR("2001::/32"),
    (b) => [b.slice(4, 8), b.slice(12).map((byte) => byte ^ 0xff)],
  ],
];

function isWithin(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function parse(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  // ipaddr.js takes "::1.2.3.4" for "::ffff:1.2.3.4"; the system does not.
  const full = text.replace(/^::(?=\d+\.)/, "0:0:0:0:0:0:");
  if (full.includes(":") && ipaddr.IPv6.isValid(full)) {
    return ipaddr.IPv6.parse(full);
  }
  return undefined;
}

function reasonAgainstIpv4(address: Address): string | undefined {
  return refusedIpv4.find(([, range]) => isWithin(address, range))?.[0];
}

function reasonAgainstIpv6(address: ipaddr.IPv6): string | undefined {
  if (address.zoneId !== undefined) return "link-local";
  for (const [range, embedded] of embeddings) {
    if (!isWithin(address, range)) continue;
    return embedded(address.toByteArray())
      .map((octets) => reasonAgainstIpv4(new ipaddr.IPv4(octets)))
      .find((reason) => reason !== undefined);
  }
  const reason = refusedIpv6.find(([, range]) => isWithin(address, range))?.[0];
  if (reason !== undefined) return reason;
  return isWithin(address, globalUnicastIpv6) ? undefined : "reserved";
}

/**
 * Tells why the host must not dial an address, or `undefined` if it may.
 *
 * Only addresses in their usual notation are accepted; `127.1`, `0x7f000001`
 * and other spellings that a system's resolver would read are refused as such.
 */
export function reasonAgainstAddress(text: string): string | undefined {
  const address = parse(text);
  if (address === undefined) return "not an address";
  return address instanceof ipaddr.IPv6
    ? reasonAgainstIpv6(address)
    : reasonAgainstIpv4(address);
}

/** Whether a host is an IP address in its usual notation, not a name. */
export function isAddressLiteral(host: string): boolean {
  return parse(host) !== undefined;
}

/** The IPv4 addresses that an address is, or stands for. */
export function ipv4AddressesOf(text: string): string[] {
  const address = parse(text);
  if (address === undefined) return [];
  if (address instanceof ipaddr.IPv4) return [address.toString()];
  return embeddings.filter(([range]) => isWithin(address, range))
    .flatMap(([, embedded]) => embedded(address.toByteArray()))
    .map((octets) => new ipaddr.IPv4(octets).toString());
}

/** Whether two texts are the same address, however it is written. */
export function isSameAddress(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  return a !== undefined && b !== undefined &&
    a.toNormalizedString() === b.toNormalizedString();
}
