import { equal } from "node:assert/strict";
import fc from "fast-check";
import { conflictOf, isDenied } from "./denied.ts";

const denied = ["evil.example", "*.ads.example", "192.0.2.1"];

Deno.test("isDenied covers exact names, and what is below a wildcard", () => {
  for (
    const host of [
      "evil.example",
      "EVIL.example",
      "x.ads.example",
      "y.x.ads.example",
      "192.0.2.1",
    ]
  ) equal(isDenied(host, denied), true, host);
  for (
    const host of [
      "example",
      "good.evil.example",
      "ads.example",
      "xads.example",
      "192.0.2.2",
      "",
    ]
  ) equal(isDenied(host, denied), false, host);
});

Deno.test("conflictOf sees what a wildcard would allow", () => {
  equal(conflictOf("*.ads.example", denied), "*.ads.example");
  equal(conflictOf("*.x.ads.example", denied), "*.ads.example");
  equal(conflictOf("*.example", denied), "evil.example");
  equal(conflictOf("ads.example", denied), undefined);
  equal(conflictOf("*.evil.example", denied), undefined);
  equal(conflictOf("*.vil.example", denied), undefined);
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
        equal(conflictOf(entry, denied) !== undefined, overlap);
      },
    ),
  );
});
