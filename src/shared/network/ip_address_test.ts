import assert from "node:assert/strict";
import fc from "fast-check";
import {
  embeddedIpv4,
  isSameAddress,
  isWithin,
  parseAddress,
  parseRange,
} from "./ip_address.ts";

Deno.test("an address is the same in other notations, and no other's", () => {
  assert.equal(isSameAddress("::1", "0:0:0:0:0:0:0:1"), true);
  assert.equal(isSameAddress("127.0.0.1", "127.0.0.1"), true);
  assert.equal(isSameAddress("127.0.0.1", "127.0.0.2"), false);
  assert.equal(isSameAddress("127.0.0.1", "::ffff:127.0.0.1"), false);
  assert.equal(isSameAddress("127.0.0.1", "127.1"), false);
  assert.equal(isSameAddress("localhost", "localhost"), false);
});

Deno.test("embeddedIpv4() sees IPv4 addresses inside IPv6 ones", () => {
  const embedded = (text: string) =>
    embeddedIpv4(parseAddress(text)!).map((ipv4) => ipv4.toString());
  assert.deepEqual(embedded("192.0.2.1"), []);
  assert.deepEqual(embedded("::ffff:192.0.2.1"), ["192.0.2.1"]);
  assert.deepEqual(embedded("64:ff9b::c000:201"), ["192.0.2.1"]);
  assert.deepEqual(embedded("2002:c000:201::1"), ["192.0.2.1"]);
  assert.deepEqual(embedded("2001:db8::1"), []);
});

Deno.test("parseRange() reads addresses and ranges, and nothing else", () => {
  const written = (text: string): string | undefined => {
    const range = parseRange(text);
    return range && `${range[0].toString()}/${range[1]}`;
  };
  for (
    const [text, expected] of [
      ["10.0.0.0/8", "10.0.0.0/8"],
      ["10.1.2.3", "10.1.2.3/32"],
      ["0.0.0.0/0", "0.0.0.0/0"],
      ["FD00::/8", "fd00::/8"],
      ["::1", "::1/128"],
      ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
      ["::ffff:10.0.0.1", "10.0.0.1/32"],
      ["64:ff9b::10.0.0.1", "10.0.0.1/32"],
      ["::/0", "::/0"],
    ] as const
  ) assert.equal(written(text), expected, text);
  for (
    const text of [
      "",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/08",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "10.0.0.0/255.0.0.0",
      "10/8",
      "127.1",
      "0x7f000001",
      "fe80::1%eth0",
      "::/129",
      "localhost",
    ]
  ) assert.equal(parseRange(text), undefined, text);
});

Deno.test("a range holds what has its leading bits, and nothing else", () => {
  const bits = fc.integer({ min: 0, max: 32 });
  const number = fc.integer({ min: 0, max: 0xffff_ffff });
  const dotted = (value: number) =>
    [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
  const leading = (value: number, count: number) =>
    count === 0 ? 0 : value >>> (32 - count);
  fc.assert(fc.property(number, number, bits, (network, other, count) => {
    const range = parseRange(`${dotted(network)}/${count}`)!;
    assert.equal(
      isWithin(parseAddress(dotted(other))!, range),
      leading(network, count) === leading(other, count),
    );
    assert.equal(isWithin(parseAddress(dotted(network))!, range), true);
  }));
});
