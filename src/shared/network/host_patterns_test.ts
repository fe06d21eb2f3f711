import { equal } from "node:assert/strict";
import fc from "fast-check";
import {
  denyingPatterns,
  HostPatterns,
  isHostPattern,
} from "./host_patterns.ts";

const patterns = new HostPatterns([
  "evil.example",
  "*.ads.example",
  "192.0.2.1",
  "10.0.0.0/8",
  "fd00:1::/32",
]);
const covers = (host: string) => patterns.covering(host) !== undefined;
const overlap = (host: string) => patterns.overlapping(host);

Deno.test("patterns cover exact names, what is below a wildcard, and ranges", () => {
  for (
    const host of [
      "evil.example",
      "EVIL.example",
      "x.ads.example",
      "y.x.ads.example",
      "192.0.2.1",
      "::ffff:192.0.2.1",
      "::ffff:c000:201",
      "64:ff9b::192.0.2.1",
      "2002:c000:201::1",
      "10.200.0.1",
      "::ffff:10.200.0.1",
      "fd00:1:2::3",
      "FD00:0001:2:0:0:0:0:3",
      "fd00:1::1%eth0",
    ]
  ) equal(covers(host), true, host);
  for (
    const host of [
      "example",
      "good.evil.example",
      "ads.example",
      "xads.example",
      "192.0.2.2",
      "11.0.0.1",
      "fd00:2::1",
      "::10.0.0.1",
      "",
    ]
  ) equal(covers(host), false, host);
});

Deno.test("overlapping() sees what a wildcard would allow", () => {
  equal(overlap("*.ads.example"), "*.ads.example");
  equal(overlap("*.x.ads.example"), "*.ads.example");
  equal(overlap("*.example"), "evil.example");
  equal(overlap("ads.example"), undefined);
  equal(overlap("*.evil.example"), undefined);
  equal(overlap("*.vil.example"), undefined);
});

Deno.test("an address is whole if all that it stands for is covered", () => {
  const opened = new HostPatterns(["10.0.0.0/8", "fe80::/10"]);
  equal(opened.hasAddress("10.0.0.1"), true);
  equal(opened.hasAddress("::ffff:10.0.0.1"), true);
  equal(opened.hasAddress("fe80::1%eth0"), true);
  equal(opened.hasAddress("127.0.0.1"), false);
  equal(opened.hasAddress("localhost"), false);
  // A Teredo server at 10.0.0.1 with a client behind 127.0.0.1.
  equal(opened.hasAddress("2001:0:a00:1::80ff:fffe"), false);
  equal(opened.coveringAddress("2001:0:a00:1::80ff:fffe"), "10.0.0.0/8");
});

Deno.test("who denies localhost denies its addresses, too", () => {
  const denying = denyingPatterns(["localhost"]);
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1"]) {
    equal(denying.covering(host), "localhost", host);
  }
  equal(denying.covering("10.0.0.1"), undefined);
  equal(new HostPatterns(["localhost"]).covering("127.0.0.1"), undefined);
});

Deno.test("a pattern is a name, a wildcard, an address or a range", () => {
  for (
    const text of ["a.example", "*.a.example", "10.0.0.1", "::1", "::/0"]
  ) equal(isHostPattern(text), true, text);
  for (
    const text of ["", "127.1", "0x7f000001", "*", "a b", "a/8", "[::1]", "a."]
  ) equal(isHostPattern(text), false, text);
});

Deno.test("an entry is in conflict if any name that it allows is denied", () => {
  const label = fc.constantFrom("a", "b");
  const name = fc.array(label, { minLength: 1, maxLength: 3 })
    .map((labels) => labels.join("."));
  const pattern = fc.tuple(fc.boolean(), name)
    .map(([wild, name]) => wild ? `*.${name}` : name);
  const covers = (pattern: string, name: string) =>
    pattern.startsWith("*.")
      ? name.endsWith(pattern.slice(1))
      : name === pattern;
  fc.assert(
    fc.property(
      pattern,
      fc.array(pattern, { maxLength: 4 }),
      (entry, denied) => {
        const deepest = `z.${entry.replace("*.", "")}`;
        // A witness for each way in which two patterns can overlap.
        const names = [
          entry,
          deepest,
          ...denied,
          ...denied.map((text) => `z.${text.replace("*.", "")}`),
        ].filter((name) => !name.startsWith("*."));
        const overlap = names.some((name) =>
          covers(entry, name) && denied.some((other) => covers(other, name))
        );
        equal(
          new HostPatterns(denied).overlapping(entry) !== undefined,
          overlap,
        );
      },
    ),
  );
});
