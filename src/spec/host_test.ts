import { equal } from "node:assert/strict";
import { hostSchema } from "./host.ts";

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
