/**
 * IP addresses and ranges as text, in their usual notation alone.
 *
 * @module
 */

import ipaddr from "ipaddr.js";

/** A parsed address. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address and how many of its leading bits count. */
export type Range = readonly [Address, number];

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

/** Bits of an IPv6 address before the IPv4 one that it ends in. */
const MAPPED_BITS = 96;

/**
 * Reads an address. `127.1`, `0x7f000001` and other spellings that a system's
 * resolver would read are none.
 */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  // ipaddr.js takes "::1.2.3.4" for "::ffff:1.2.3.4"; the system does not.
  const full = text.replace(/^::(?=\d+\.)/, "0:0:0:0:0:0:");
  if (full.includes(":") && ipaddr.IPv6.isValid(full)) {
    return ipaddr.IPv6.parse(full);
  }
  return undefined;
}

/**
 * Reads a range such as `10.0.0.0/8`, or an address as the range of itself. One
 * that is IPv4 in IPv6 is read as IPv4.
 */
export function parseRange(text: string): Range | undefined {
  const [first = "", bits, ...rest] = text.split("/");
  const address = parseAddress(first);
  if (address === undefined || rest.length > 0) return undefined;
  if (address instanceof ipaddr.IPv6 && address.zoneId !== undefined) {
    return undefined;
  }
  const size = address.kind() === "ipv4" ? 32 : 128;
  if (bits === undefined) return toIpv4Range([address, size]);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(bits) || Number(bits) > size) {
    return undefined;
  }
  return toIpv4Range([address, Number(bits)]);
}

function toIpv4Range(range: Range): Range {
  const [address, bits] = range;
  if (bits < MAPPED_BITS) return range;
  const isMapped = embeddings.slice(0, 2)
    .some(([mapped]) => isWithin(address, mapped));
  return isMapped
    ? [new ipaddr.IPv4(address.toByteArray().slice(12)), bits - MAPPED_BITS]
    : range;
}

/** Whether an address is in a range of its own kind. */
export function isWithin(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** The IPv4 addresses that an IPv6 address stands for. */
export function embeddedIpv4(address: Address): Address[] {
  return embeddings.filter(([range]) => isWithin(address, range))
    .flatMap(([, embedded]) => embedded(address.toByteArray()))
    .map((octets) => new ipaddr.IPv4(octets));
}

/** Whether a host is an IP address in its usual notation, not a name. */
export function isAddressLiteral(host: string): boolean {
  return parseAddress(host) !== undefined;
}

/** Whether two texts are the same address, however it is written. */
export function isSameAddress(one: string, other: string): boolean {
  const [a, b] = [parseAddress(one), parseAddress(other)];
  return a !== undefined && b !== undefined &&
    a.toNormalizedString() === b.toNormalizedString();
}
