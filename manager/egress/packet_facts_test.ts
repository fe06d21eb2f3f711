import assert from "node:assert/strict";
import fc from "fast-check";
import { attemptSchema } from "../../src/shared/rpc/verdict.ts";
import { describePacket } from "./packet_facts.ts";

function ipv4(protocol: number, to: number[], segment: number[]): Uint8Array {
  const header = [
    ...[0x45, 0, 0, 20 + segment.length, 0, 0, 0, 0, 64, protocol, 0, 0],
    ...[10, 123, 0, 2],
    ...to,
  ];
  return new Uint8Array([...header, ...segment]);
}

function udp(port: number, content: number[]): number[] {
  return [0x10, 0, port >> 8, port & 0xff, 0, 8 + content.length, 0, 0]
    .concat(content);
}

function tcp(port: number): number[] {
  return [0x10, 0, port >> 8, port & 0xff, ...Array(8).fill(0), 0x50, 2]
    .concat(Array(6).fill(0));
}

const ETHERTYPE_IPV4 = 0x0800;

Deno.test("describePacket() tells whom a packet was for", () => {
  const cases: [number, Uint8Array, object][] = [
    [ETHERTYPE_IPV4, ipv4(6, [192, 0, 2, 1], tcp(853)), {
      protocol: "tcp",
      address: "192.0.2.1",
      port: 853,
      content: null,
    }],
    [
      ETHERTYPE_IPV4,
      ipv4(17, [8, 8, 8, 8], udp(443, [0xc0, 0, 0, 0, 1, 8, 1, 2, 3])),
      { protocol: "udp", address: "8.8.8.8", port: 443, content: "quic" },
    ],
    [ETHERTYPE_IPV4, ipv4(1, [8, 8, 8, 8], [8, 0]), {
      protocol: "icmp",
      address: "8.8.8.8",
      port: null,
      content: null,
    }],
    [ETHERTYPE_IPV4, ipv4(47, [8, 8, 8, 8], []), {
      protocol: "other",
      address: "8.8.8.8",
      port: null,
      content: null,
    }],
    [
      0x86dd,
      new Uint8Array([
        ...[0x60, 0, 0, 0, 0, 20, 6, 64],
        ...Array(16).fill(0),
        ...[0x20, 1, 0x0d, 0xb8],
        ...Array(11).fill(0),
        ...[1],
        ...tcp(443),
      ]),
      {
        protocol: "tcp",
        address: "2001:db8::1",
        port: 443,
        content: null,
      },
    ],
    [
      0x0806,
      new Uint8Array([
        ...[0, 1, 8, 0, 6, 4, 0, 1],
        ...Array(16).fill(0),
        ...[10, 123, 1, 2],
      ]),
      {
        protocol: "arp",
        address: "10.123.1.2",
        port: null,
        content: null,
      },
    ],
    [0x88b5, new Uint8Array([1, 2, 3]), {
      protocol: "other",
      address: null,
      port: null,
      content: null,
    }],
  ];
  for (const [etherType, payload, expected] of cases) {
    assert.deepEqual(describePacket({ etherType, payload }), expected);
  }
});

Deno.test("describePacket() makes valid records of any bytes", () => {
  const packet = fc.record({
    etherType: fc.oneof(
      fc.constantFrom(ETHERTYPE_IPV4, 0x0806, 0x86dd),
      fc.nat(0xffff),
    ),
    payload: fc.uint8Array({ maxLength: 120 }),
  });
  fc.assert(
    fc.property(packet, (hostile) => {
      attemptSchema.parse({
        ...describePacket(hostile),
        time: new Date().toISOString(),
        refusal: "packet-not-allowed",
        host: null,
        claimed: null,
        count: 1,
      });
    }),
    { numRuns: 1000 },
  );
});
