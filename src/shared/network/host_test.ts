import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { isHost, isIpv4, readAddress } from "./host.ts";

Deno.test("readAddress reads notations as systems do", () => {
  equal(readAddress("127.1"), "127.0.0.1");
  equal(readAddress("0x7f000001"), "127.0.0.1");
  equal(readAddress("010.0.0.1"), "8.0.0.1");
  equal(readAddress("2130706433"), "127.0.0.1");
  equal(readAddress("192.0.2.1"), "192.0.2.1");
  equal(readAddress("256.1.1.1"), undefined);
  equal(readAddress("example.org"), undefined);
  equal(readAddress("*.1"), undefined);
});

Deno.test("every address in its usual notation is a host", () => {
  fc.assert(fc.property(fc.ipV4(), (address) => {
    ok(isIpv4(address));
    ok(isHost(address));
  }));
});

Deno.test("what is a host reads as an address in one notation at most", () => {
  const text = fc.oneof(
    fc.stringMatching(/^[0-9a-fA-FxX.]{1,20}$/),
    fc.array(fc.nat(999).map(String), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join(".")),
  );
  fc.assert(fc.property(text, (text) => {
    const read = readAddress(text);
    if (isHost(text) && read !== undefined) equal(read, text);
  }));
});
