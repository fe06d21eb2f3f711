/**
 * What a refused packet tried: its protocol, and whom it was for. The packet
 * is hostile; what cannot be read is left out.
 *
 * @module
 */

import ipaddr from "ipaddr.js";
import type { Attempt } from "../../src/shared/rpc/verdict.ts";
import { classifyContent } from "./inspection/content_kind.ts";
import type { LoggedPacket } from "./packet_log.ts";

/** What is known of a refused packet. */
export type PacketFacts = Pick<
  Attempt,
  "protocol" | "address" | "port" | "content"
>;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;

const IP_ICMP = 1;
const IP_TCP = 6;
const IP_UDP = 17;
const IP_ICMPV6 = 58;

const DHCP_PORTS = [67, 68, 546, 547];
const DNS_PORTS = [53, 853, 5353];

/** Describes a packet; of one that is cut short, what is there. */
export function describePacket(
  { etherType, payload }: LoggedPacket,
): PacketFacts {
  switch (etherType) {
    case ETHERTYPE_IPV4:
      return describeIpv4(payload);
    case ETHERTYPE_IPV6:
      return describeIpv6(payload);
    case ETHERTYPE_ARP:
      return facts("arp", bytesAt(payload, 24, 4));
    default:
      return facts("other");
  }
}

/** RFC 791, section 3.1. */
function describeIpv4(packet: Uint8Array): PacketFacts {
  const [first = 0] = packet;
  const address = bytesAt(packet, 16, 4);
  const headerBytes = (first & 0x0f) * 4;
  const protocol = packet[9];
  const fragment = (uint16At(packet, 6) ?? 0) & 0x1fff;
  if (first >> 4 !== 4 || headerBytes < 20 || fragment !== 0) {
    return facts("other", address);
  }
  return describeTransport(protocol, address, packet.subarray(headerBytes));
}

/** RFC 8200, section 3; extension headers are not followed. */
function describeIpv6(packet: Uint8Array): PacketFacts {
  return describeTransport(
    packet[6],
    bytesAt(packet, 24, 16),
    packet.subarray(40),
  );
}

function describeTransport(
  protocol: number | undefined,
  address: Uint8Array | undefined,
  segment: Uint8Array,
): PacketFacts {
  switch (protocol) {
    case IP_ICMP:
    case IP_ICMPV6:
      return facts("icmp", address);
    case IP_TCP: {
      const headerBytes = ((segment[12] ?? 0x50) >> 4) * 4;
      return {
        ...facts("tcp", address),
        port: uint16At(segment, 2),
        content: contentOf(segment.subarray(headerBytes)),
      };
    }
    case IP_UDP: {
      const port = uint16At(segment, 2);
      const known = port === null
        ? "udp"
        : DHCP_PORTS.includes(port)
        ? "dhcp"
        : DNS_PORTS.includes(port)
        ? "dns"
        : "udp";
      return {
        ...facts(known, address),
        port,
        content: contentOf(segment.subarray(8)),
      };
    }
    default:
      return facts("other", address);
  }
}

function facts(
  protocol: Attempt["protocol"],
  address?: Uint8Array,
): PacketFacts {
  return {
    protocol,
    address: address === undefined
      ? null
      : ipaddr.fromByteArray([...address]).toString(),
    port: null,
    content: null,
  };
}

function contentOf(bytes: Uint8Array): Attempt["content"] {
  return bytes.byteLength === 0 ? null : classifyContent(bytes);
}

function bytesAt(
  packet: Uint8Array,
  at: number,
  size: number,
): Uint8Array | undefined {
  const bytes = packet.subarray(at, at + size);
  return bytes.byteLength === size ? bytes : undefined;
}

function uint16At(packet: Uint8Array, at: number): number | null {
  const [high, low] = packet.subarray(at, at + 2);
  return high === undefined || low === undefined ? null : high << 8 | low;
}
