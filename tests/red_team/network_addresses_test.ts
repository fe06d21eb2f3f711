/**
 * Addresses, ports and protocols that nobody declared: dropped at the worker's
 * link, recorded, and the build fails.
 *
 * @module
 */

import { deniesEach } from "./denial.ts";

const destination = "destination-not-allowed";
const tcpTo = (address: string, port: number) => ({
  protocol: "tcp" as const,
  refusal: destination as typeof destination,
  address,
  port,
});

/** The one program of the tiny worker that sends UDP where it is told to. */
const datagramTo = (host: string, port: number) =>
  `timeout 2 tftp -g -l /dev/null -r file ${host} ${port} || true`;

deniesEach("addresses, ports and protocols", [
  {
    name: "a public address",
    script: "wget -q -T 2 -O /dev/null http://192.0.2.66/ || true",
    attempt: tcpTo("192.0.2.66", 80),
  },

  {
    name: "a public address as one decimal number",
    script: "wget -q -T 2 -O /dev/null http://3221226051/ || true",
    attempt: tcpTo("192.0.2.67", 80),
  },

  {
    name: "a public address in octal and hexadecimal",
    script: "wget -q -T 2 -O /dev/null http://0300.0x0.02.0x44/ || true",
    attempt: tcpTo("192.0.2.68", 80),
  },

  {
    name: "the address of the allowed host itself",
    script: "wget -q -T 2 -O /dev/null http://192.0.2.10/ || true",
    attempt: tcpTo("192.0.2.10", 80),
  },

  {
    name: "another port of a declared host",
    script: "nc -w 2 allowed.example 81 </dev/null || true",
    attempt: {
      protocol: "tcp",
      refusal: destination,
      host: "allowed.example",
      port: 81,
    },
  },

  {
    name: "UDP to a declared host and port",
    script: datagramTo("allowed.example", 7000),
    attempt: {
      protocol: "udp",
      refusal: destination,
      host: "allowed.example",
      port: 7000,
      content: "binary",
    },
    silent: [7000],
  },

  {
    name: "an echo request to a public address",
    script: "sudo ping -c 1 -W 1 192.0.2.66 || true",
    attempt: { protocol: "icmp", address: "192.0.2.66" },
  },

  {
    name: "an echo request to the gateway",
    script:
      "sudo ping -c 1 -W 1 $(ip route | awk '/^default/ { print $3 }') || true",
    attempt: { protocol: "icmp", address: "10.123.0.1" },
  },

  {
    name: "the name server of another worker",
    script: "nslookup -type=a allowed.example 10.123.1.1 || true",
    attempt: {
      protocol: "dns",
      refusal: destination,
      address: "10.123.1.1",
      port: 53,
    },
  },

  {
    name: "ports of the manager",
    script: `
gateway=$(ip route | awk '/^default/ { print $3 }')
nc -w 2 $gateway 22 </dev/null || true`,
    attempt: { protocol: "tcp", refusal: destination, port: 22 },
  },

  {
    name: "the cloud's metadata",
    script: "wget -q -T 2 -O /dev/null http://169.254.169.254/latest/ || true",
    attempt: tcpTo("169.254.169.254", 80),
  },

  {
    name: "multicast",
    script: datagramTo("224.0.0.251", 5353),
    attempt: { refusal: destination, address: "224.0.0.251", port: 5353 },
  },
]);
