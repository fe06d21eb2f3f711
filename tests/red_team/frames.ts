/**
 * Ethernet frames as no ordinary program sends them, byte by byte.
 *
 * @module
 */

/** The first link of the manager, which a lone build gets. */
export const link = {
  gateway: [10, 123, 0, 1],
  worker: [10, 123, 0, 2],
  workerMac: [0x52, 0x54, 0, 0xc0, 0, 0],
  /** What the first name of a spec leads to. */
  firstHost: [198, 18, 0, 1],
} as const;

export const broadcast: readonly number[] = Array(6).fill(0xff);

/** An address that belongs to nobody here (RFC 7042). */
export const foreignMac: readonly number[] = [0, 0, 0x5e, 0, 0x53, 1];

type Bytes = readonly number[];

export const u16 = (
  value: number,
): number[] => [value >> 8 & 0xff, value & 0xff];

/** The Internet checksum (RFC 1071). */
function checksum(bytes: Bytes): number[] {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += bytes[at]! << 8 | (bytes[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return u16(~sum & 0xffff);
}

/** A frame, filled up to the least length. */
export function frame(
  { to = broadcast, from = link.workerMac, type, payload }: {
    to?: Bytes;
    from?: Bytes;
    type: number;
    payload: Bytes;
  },
): Uint8Array {
  const bytes = Uint8Array.from([...to, ...from, ...u16(type), ...payload]);
  const filled = new Uint8Array(Math.max(60, bytes.length));
  filled.set(bytes);
  return filled;
}

export const etherTypes = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  /** For experiments (IEEE 802). */
  experimental: 0x88b5,
} as const;

/** An ARP message for IPv4 over Ethernet. */
export function arp(
  { operation, sender, senderMac = link.workerMac, target }: {
    operation: "request" | "reply";
    sender: Bytes;
    senderMac?: Bytes;
    target: Bytes;
  },
): number[] {
  return [
    ...u16(1),
    ...u16(etherTypes.ipv4),
    ...[6, 4],
    ...u16(operation === "request" ? 1 : 2),
    ...senderMac,
    ...sender,
    ...Array(6).fill(0),
    ...target,
  ];
}

export const ipProtocols = { tcp: 6, udp: 17, gre: 47, icmp6: 58 } as const;

export function ipv4(
  { from = link.worker, to, protocol, payload, fragment = 0 }: {
    from?: Bytes;
    to: Bytes;
    protocol: number;
    payload: Bytes;
    /** Flags and offset. */
    fragment?: number;
  },
): number[] {
  const head = (sum: Bytes) => [
    ...[0x45, 0],
    ...u16(20 + payload.length),
    ...u16(1),
    ...u16(fragment),
    ...[64, protocol],
    ...sum,
    ...from,
    ...to,
  ];
  return [...head(checksum(head([0, 0]))), ...payload];
}

/** A segment that opens a connection; the checksum is left to be wrong. */
export function tcpOpen(port: number): number[] {
  return [
    ...u16(40_000),
    ...u16(port),
    ...[0, 0, 0, 1],
    ...[0, 0, 0, 0],
    ...[0x50, 0x02],
    ...u16(64_240),
    ...[0, 0],
    ...[0, 0],
  ];
}

/** A datagram without a checksum, which IPv4 allows. */
export function udp(from: number, to: number, payload: Bytes): number[] {
  return [
    ...u16(from),
    ...u16(to),
    ...u16(8 + payload.length),
    ...[0, 0],
    ...payload,
  ];
}

/** `fe80::1`, and so on for other ends. */
export const linkLocal = (end: number): number[] => [
  ...[0xfe, 0x80],
  ...Array(13).fill(0),
  end,
];
export const allNodes: readonly number[] = [0xff, 2, ...Array(13).fill(0), 1];

export function ipv6(
  { from = linkLocal(2), to, next, payload }: {
    from?: Bytes;
    to: Bytes;
    next: number;
    payload: Bytes;
  },
): number[] {
  return [
    ...[0x60, 0, 0, 0],
    ...u16(payload.length),
    ...[next, 255],
    ...from,
    ...to,
    ...payload,
  ];
}

/** A message of ICMPv6 with its checksum (RFC 4443). */
function icmp6(type: number, from: Bytes, to: Bytes, body: Bytes): number[] {
  const message = (sum: Bytes) => [type, 0, ...sum, ...body];
  const length = message([0, 0]).length;
  const pseudo = [
    ...from,
    ...to,
    ...[0, 0, ...u16(length)],
    ...[0, 0, 0, ipProtocols.icmp6],
  ];
  return message(checksum([...pseudo, ...message([0, 0])]));
}

/** Makes its sender everybody's router for half an hour (RFC 4861). */
export function routerAdvertisement(from: Bytes, to: Bytes): number[] {
  return icmp6(134, from, to, [64, 0, ...u16(1800), ...Array(8).fill(0)]);
}

/** Claims an address for the worker's card, over what is known (RFC 4861). */
export function neighbourAdvertisement(
  { from, to, claimed }: { from: Bytes; to: Bytes; claimed: Bytes },
): number[] {
  const override = [0x20, 0, 0, 0];
  const card = [2, 1, ...link.workerMac];
  return icmp6(136, from, to, [...override, ...claimed, ...card]);
}

/** A DHCP offer that makes its sender the gateway and the name server. */
export function dhcpOffer(server: Bytes): number[] {
  return [
    ...[2, 1, 6, 0],
    ...[1, 2, 3, 4],
    ...Array(8).fill(0),
    ...[10, 123, 0, 9],
    ...server,
    ...Array(4).fill(0),
    ...link.workerMac,
    ...Array(10 + 64 + 128).fill(0),
    ...[0x63, 0x82, 0x53, 0x63],
    ...[53, 1, 2],
    ...[54, 4, ...server],
    ...[3, 4, ...server],
    ...[6, 4, ...server],
    255,
  ];
}
