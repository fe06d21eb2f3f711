import assert from "node:assert/strict";
import fc from "fast-check";
import { canBeOpened, kindOfAddress, mayBeNamed } from "./address_policy.ts";
import {
  isAddressLiteral,
  isSameAddress,
} from "../shared/network/ip_address.ts";

const refused: Record<string, string> = {
  "0.0.0.0": "unspecified",
  "0.1.2.3": "unspecified",
  "10.0.0.1": "private",
  "100.64.0.1": "carrier-grade NAT",
  "100.127.255.255": "carrier-grade NAT",
  "100.100.100.200": "metadata",
  "127.0.0.1": "loopback",
  "127.255.255.255": "loopback",
  "168.63.129.16": "metadata",
  "169.254.1.1": "link-local",
  "169.254.169.254": "metadata",
  "172.16.0.1": "private",
  "172.31.255.255": "private",
  "192.0.0.192": "metadata",
  "192.0.0.170": "protocol assignment",
  "169.254.170.2": "metadata",
  "192.88.99.1": "6to4 relay",
  "192.168.1.1": "private",
  "198.18.0.1": "benchmarking",
  "198.19.255.255": "benchmarking",
  "224.0.0.1": "multicast",
  "239.255.255.255": "multicast",
  "240.0.0.1": "reserved",
  "255.255.255.255": "broadcast",
  "::": "unspecified",
  "::1": "loopback",
  "::7f00:1": "reserved",
  "::8.8.8.8": "reserved",
  "::0.0.0.1": "loopback",
  "::ffff:127.0.0.1": "loopback",
  "::ffff:a9fe:a9fe": "metadata",
  "::ffff:0:127.0.0.1": "reserved",
  "64:ff9b::10.0.0.1": "private",
  "64:ff9b:1::1": "reserved",
  "100::1": "reserved",
  "2001::1": "unspecified",
  "2001:2::1": "benchmarking",
  "2001:10::1": "protocol assignment",
  "2002:7f00:1::1": "loopback",
  "2002:a9fe:a9fe::": "metadata",
  "5f00::1": "reserved",
  "fc00::1": "private",
  "fd00:ec2::254": "metadata",
  "fd12:3456::1": "private",
  "fe80::1": "link-local",
  "fe80::1%eth0": "link-local",
  "2600::1%eth0": "link-local",
  "fec0::1": "site-local",
  "ff02::1": "multicast",
  // A Teredo client behind 10.0.0.1, by way of a public server.
  "2001:0:808:808::f5ff:fffe": "private",
};

const dialed = [
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.2.1",
  "198.17.255.255",
  "198.20.0.0",
  "198.51.100.1",
  "203.0.113.80",
  "223.255.255.255",
  "::ffff:8.8.8.8",
  "64:ff9b::8.8.8.8",
  "2001:db8::1",
  "2001:200::1",
  "2002:808:808::1",
  "2606:4700::1111",
  "2001:0:808:808::f7f7:f7f7",
];

const spellings = [
  "",
  " 1.1.1.1",
  "1.1.1.1 ",
  "1.1.1",
  "127.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "017700000001",
  "0177.0.0.1",
  "08.8.8.8",
  "1.1.1.1.",
  "1.1.1.1/8",
  "256.1.1.1",
  "[::1]",
  "[2606:4700::1111]",
  "1.1.1.1:80",
  "::ffff:0x7f.1",
  "１.1.1.1",
  "localhost",
];

Deno.test("addresses off the public internet are refused, with the reason", () => {
  for (const [address, reason] of Object.entries(refused)) {
    assert.equal(kindOfAddress(address), reason, address);
  }
});

Deno.test("public and documentation addresses are dialed", () => {
  for (const address of dialed) {
    assert.equal(kindOfAddress(address), undefined, address);
  }
});

Deno.test("other notations are no addresses", () => {
  for (const spelling of spellings) {
    assert.equal(kindOfAddress(spelling), "not an address", spelling);
    assert.equal(isAddressLiteral(spelling), false, spelling);
  }
});

Deno.test("an IPv6 address is judged as the IPv4 address inside it", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
    const ipv4 = octets.join(".");
    const expected = kindOfAddress(ipv4);
    const [a, b, c, d] = octets.map((o) => o.toString(16).padStart(2, "0"));
    for (
      const ipv6 of [
        `::ffff:${ipv4}`,
        `0:0:0:0:0:FFFF:${a}${b}:${c}${d}`,
        `64:ff9b::${ipv4}`,
        `2002:${a}${b}:${c}${d}::1`,
      ]
    ) assert.equal(kindOfAddress(ipv6), expected, ipv6);
  }));
});

Deno.test("only addresses pass, whatever the text", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    if (kindOfAddress(text) === undefined) {
      assert.match(text, /^[0-9a-fA-F:.]+$/);
    }
  }));
});

Deno.test("a name leads to a network, never to a service of its own kind", () => {
  for (const address of ["10.0.0.1", "100.64.0.1", "127.0.0.1", "fd00::1"]) {
    assert.equal(mayBeNamed(kindOfAddress(address)!), true, address);
  }
  for (const address of ["169.254.169.254", "169.254.1.1", "fe80::1"]) {
    assert.equal(mayBeNamed(kindOfAddress(address)!), false, address);
    assert.equal(canBeOpened(kindOfAddress(address)!), true, address);
  }
  for (const address of ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255"]) {
    assert.equal(canBeOpened(kindOfAddress(address)!), false, address);
  }
});

Deno.test("the judgement of IPv6 does not depend on the notation", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      if (!isAddressLiteral(address)) return;
      const long = new URL(`http://[${address}]/`).hostname.slice(1, -1);
      assert.equal(kindOfAddress(address), kindOfAddress(long));
      assert.equal(isSameAddress(address, long), true);
    }),
    { numRuns: 1000 },
  );
});
