import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { hostSchema, isAddress, isHost, readAddress } from "./host.ts";

const address = 'a host name or an IPv4 address such as "192.0.2.1"';

function mistakeIn(host: unknown): string | undefined {
  return hostSchema.safeParse(host).error?.issues[0]?.message;
}

Deno.test("a host is a name, a wildcard or an IPv4 address", () => {
  const hosts = [
    "example.org",
    "EXAMPLE.org",
    "localhost",
    "*.example.org",
    "1.example",
    "xn--bcher-kva.example",
    "192.0.2.1",
    "0.0.0.0",
  ];
  for (const host of hosts) equal(mistakeIn(host), undefined, host);
});

Deno.test("other notations of an address are told from names", () => {
  for (
    const host of [
      "0x7f000001",
      "0x7f.1",
      "127.1",
      "010.0.0.1",
      "2130706433",
      "0177.0.0.1",
      "1.2.3.256",
      "1.2.3.4.5",
      "example.1",
      "*.0.0.1",
      "127.0.0.1.",
    ]
  ) {
    equal(
      mistakeIn(host),
      address,
      host,
    );
  }
});

Deno.test("IPv6 addresses and addresses of pages are told from names", () => {
  for (
    const host of ["::1", "2001:db8::1", "[::1]", "::ffff:1.2.3.4", "fe80::1%a"]
  ) equal(mistakeIn(host), address, host);
  for (const host of ["https://example.org", "example.org:80", "a/b"]) {
    equal(
      mistakeIn(host),
      'a host name such as "example.org", without scheme, port or path',
    );
  }
});

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
    ok(isAddress(address));
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
