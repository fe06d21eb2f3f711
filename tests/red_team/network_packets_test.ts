/**
 * Raw frames from root in the worker: whatever they claim to be, they end at
 * the worker's link, and are held against the build.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { Project } from "../project.ts";
import { assertSuccess, run } from "./attack.ts";
import { type Denial, denies, deniesEach } from "./denial.ts";
import { frameSender, sendFrames } from "./frame_sender.ts";
import {
  allNodes,
  arp,
  broadcast,
  dhcpOffer,
  etherTypes,
  foreignMac,
  frame,
  ipProtocols,
  ipv4,
  ipv6,
  link,
  linkLocal,
  neighbourAdvertisement,
  routerAdvertisement,
  tcpOpen,
  u16,
  udp,
} from "./frames.ts";

const trap = [192, 0, 2, 66];
const otherTrap = [192, 0, 2, 67];
const packet = { refusal: "packet-not-allowed" } as const;

Deno.test("frames that ordinary programs send are no attempts", async () => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  const question = frame({
    type: etherTypes.arp,
    payload: arp({
      operation: "request",
      sender: link.worker,
      target: link.gateway,
    }),
  });
  const result = await run(project, internet, {
    files: { send_frame: frameSender, question },
    script: `
grep -q ${link.worker.join(".")} /proc/net/fib_trie
sent=$(cat /sys/class/net/eth0/statistics/tx_packets)
received=$(cat /sys/class/net/eth0/statistics/rx_packets)
${sendFrames("question")}
sleep 1
[ $(cat /sys/class/net/eth0/statistics/tx_packets) -gt $sent ]
[ $(cat /sys/class/net/eth0/statistics/rx_packets) -gt $received ]
wget -q -O /dev/null http://allowed.example/`,
  });
  assertSuccess(result);
  assert.equal(internet.allowed(80).connections.length, 1);
});

/** The start of an initial packet of version 1 (RFC 9000). */
const quicInitial = [
  ...[0xc3, 0, 0, 0, 1],
  ...[8, 1, 2, 3, 4, 5, 6, 7, 8],
  ...[0, 0],
];

/** An attack by one frame. */
function frameAttack(
  name: string,
  bytes: Uint8Array,
  attempt: Denial["attempt"],
): Denial {
  return {
    name,
    files: { send_frame: frameSender, bytes },
    script: sendFrames("bytes"),
    attempt,
  };
}

denies(frameAttack(
  "a frame for another network (VLAN)",
  frame({
    type: etherTypes.vlan,
    payload: [
      ...u16(7),
      ...u16(etherTypes.ipv4),
      ...ipv4({ to: trap, protocol: ipProtocols.tcp, payload: tcpOpen(80) }),
    ],
  }),
  {},
));

deniesEach("frames of all kinds", [
  frameAttack(
    "a frame of an unknown kind",
    frame({ type: etherTypes.experimental, payload: [1, 2, 3, 4] }),
    { ...packet, protocol: "other", address: null },
  ),
  frameAttack(
    "a claim to the gateway's address",
    frame({
      type: etherTypes.arp,
      payload: arp({
        operation: "reply",
        sender: link.gateway,
        target: link.gateway,
      }),
    }),
    { ...packet, protocol: "arp", address: "10.123.0.1" },
  ),
  frameAttack(
    "a question for the neighbours' addresses",
    frame({
      type: etherTypes.arp,
      payload: arp({
        operation: "request",
        sender: link.worker,
        target: [10, 123, 1, 2],
      }),
    }),
    { ...packet, protocol: "arp", address: "10.123.1.2" },
  ),
  frameAttack(
    "the offer of a DHCP server",
    frame({
      type: etherTypes.ipv4,
      payload: ipv4({
        to: [255, 255, 255, 255],
        protocol: ipProtocols.udp,
        payload: udp(67, 68, dhcpOffer(link.worker)),
      }),
    }),
    { protocol: "dhcp", address: "255.255.255.255", port: 68 },
  ),
  frameAttack(
    "the advertisement of an IPv6 router",
    frame({
      to: [0x33, 0x33, 0, 0, 0, 1],
      type: etherTypes.ipv6,
      payload: ipv6({
        to: allNodes,
        next: ipProtocols.icmp6,
        payload: routerAdvertisement(linkLocal(2), allNodes),
      }),
    }),
    { ...packet, protocol: "icmp", address: "ff02::1" },
  ),
  frameAttack(
    "a claim to the gateway's address over IPv6",
    frame({
      type: etherTypes.ipv6,
      payload: ipv6({
        to: linkLocal(3),
        next: ipProtocols.icmp6,
        payload: neighbourAdvertisement({
          from: linkLocal(2),
          to: linkLocal(3),
          claimed: linkLocal(1),
        }),
      }),
    }),
    { ...packet, protocol: "icmp", address: "fe80::3" },
  ),
  frameAttack(
    "a connection over IPv6",
    frame({
      type: etherTypes.ipv6,
      payload: ipv6({
        to: [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 0x66],
        next: ipProtocols.tcp,
        payload: tcpOpen(80),
      }),
    }),
    { protocol: "tcp", address: "2001:db8::66", port: 80 },
  ),
  frameAttack(
    "a forged sender's address",
    frame({
      type: etherTypes.ipv4,
      payload: ipv4({
        from: [10, 123, 1, 2],
        to: link.gateway,
        protocol: ipProtocols.udp,
        payload: udp(40_000, 53, [1, 2, 3]),
      }),
    }),
    { address: "10.123.0.1", port: 53 },
  ),
  frameAttack(
    "a forged sender's card",
    frame({
      from: foreignMac,
      type: etherTypes.ipv4,
      payload: ipv4({
        to: link.gateway,
        protocol: ipProtocols.udp,
        payload: udp(40_000, 54, [1, 2, 3]),
      }),
    }),
    { address: "10.123.0.1", port: 54 },
  ),
  frameAttack(
    "a tunnel of its own (GRE)",
    frame({
      type: etherTypes.ipv4,
      payload: ipv4({
        to: trap,
        protocol: ipProtocols.gre,
        payload: [0, 0, 8, 0, ...Array(20).fill(0x45)],
      }),
    }),
    { ...packet, protocol: "other", address: "192.0.2.66" },
  ),
  frameAttack(
    "the second fragment of a packet",
    frame({
      type: etherTypes.ipv4,
      payload: ipv4({
        to: otherTrap,
        protocol: ipProtocols.udp,
        fragment: 185,
        payload: Array(32).fill(0x41),
      }),
    }),
    { ...packet, protocol: "other", address: "192.0.2.67" },
  ),
  {
    ...frameAttack(
      "QUIC to a declared host",
      frame({
        type: etherTypes.ipv4,
        payload: ipv4({
          to: link.firstHost,
          protocol: ipProtocols.udp,
          payload: udp(40_000, 443, quicInitial),
        }),
      }),
      {
        protocol: "udp",
        refusal: "destination-not-allowed",
        host: "allowed.example",
        port: 443,
        content: "quic",
      },
    ),
    silent: [443],
  },
  frameAttack(
    "a datagram to everybody",
    frame({
      to: broadcast,
      type: etherTypes.ipv4,
      payload: ipv4({
        to: [255, 255, 255, 255],
        protocol: ipProtocols.udp,
        payload: udp(40_000, 9, [0x68, 0x69]),
      }),
    }),
    { protocol: "udp", address: "255.255.255.255", port: 9 },
  ),
]);
