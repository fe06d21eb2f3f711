import assert from "node:assert/strict";
import ipaddr from "ipaddr.js";
import {
  ADDRESSES_PER_LINK,
  MAX_LINKS,
  SYNTHETIC_RANGE,
  SyntheticAddresses,
  syntheticRange,
} from "./synthetic_addresses.ts";

Deno.test("a name keeps its address, and no two names share one", () => {
  const addresses = new SyntheticAddresses(3);
  const first = addresses.addressOf("a.test");
  const second = addresses.addressOf("b.test");
  assert.ok(first !== undefined && second !== undefined);
  assert.notEqual(first, second);
  assert.equal(addresses.addressOf("a.test"), first);
  assert.equal(addresses.nameOf(first), "a.test");
  assert.equal(addresses.nameOf("198.18.0.1"), undefined);
});

Deno.test("addresses stay within the link's part, and are bounded", () => {
  for (const link of [0, 1, MAX_LINKS - 1]) {
    const own = ipaddr.IPv4.parseCIDR(syntheticRange(link));
    const all = ipaddr.IPv4.parseCIDR(SYNTHETIC_RANGE);
    const addresses = new SyntheticAddresses(link);
    const seen = new Set<string>();
    for (let index = 0; index < ADDRESSES_PER_LINK - 2; index++) {
      const address = addresses.addressOf(`name${index}.test`)!;
      seen.add(address);
      assert.ok(ipaddr.IPv4.parse(address).match(own), address);
      assert.ok(ipaddr.IPv4.parse(address).match(all), address);
    }
    assert.equal(seen.size, ADDRESSES_PER_LINK - 2);
    assert.equal(addresses.addressOf("one.more.test"), undefined);
  }
});

Deno.test("there are no links beyond the last", () => {
  assert.throws(() => new SyntheticAddresses(MAX_LINKS), RangeError);
  assert.throws(() => new SyntheticAddresses(-1), RangeError);
});
