import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  correctQuantity,
  durationKind,
  formatDuration,
  formatExactQuantity,
  formatSize,
  parseQuantity,
  rateKind,
  sizeKind,
} from "./units.ts";

const kinds = [sizeKind, durationKind, rateKind];

Deno.test("parseQuantity reads the examples of the documentation", () => {
  equal(parseQuantity(sizeKind, "2 GiB"), 2 * 1024 ** 3);
  equal(parseQuantity(sizeKind, "1.5GiB"), 1.5 * 1024 ** 3);
  equal(parseQuantity(sizeKind, "64 MB"), 64_000_000);
  equal(parseQuantity(durationKind, "10 min"), 600);
  equal(parseQuantity(durationKind, "1.5 h"), 5400);
  equal(parseQuantity(rateKind, "20 Mbit/s"), 20_000_000);
});

Deno.test("parseQuantity refuses anything else", () => {
  const wrong = [
    "",
    "2",
    "GiB",
    "-1 GiB",
    "+1 GiB",
    "2  GiB",
    " 2 GiB",
    "2 GiB\n",
    "2 gib",
    "2,5 GiB",
    "1e3 B",
    "0x10 B",
    "NaN B",
    "9007199254740993 B",
    "999999999 TiB",
    "2 constructor",
    "2 min",
  ];
  for (const text of wrong) equal(parseQuantity(sizeKind, text), undefined);
});

Deno.test("parseQuantity reads what formatExactQuantity writes", () => {
  const value = fc.oneof(
    fc.nat(),
    fc.integer({ min: 0, max: 10 ** 15 - 1 }),
    fc.integer({ min: 1, max: 4000 }).map((count) => count * 1024 ** 3),
  );
  fc.assert(fc.property(fc.constantFrom(...kinds), value, (kind, value) => {
    equal(parseQuantity(kind, formatExactQuantity(kind, value)), value);
  }));
});

Deno.test("parseQuantity gives a whole safe number or nothing for any text", () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.string(), (kind, text) => {
      const value = parseQuantity(kind, text);
      ok(value === undefined || (Number.isSafeInteger(value) && value >= 0));
    }),
  );
});

Deno.test("parseQuantity grows with the number", () => {
  const count = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(fc.constantFrom(...kinds), count, count, (kind, a, b) => {
      for (const unit of Object.keys(kind.units)) {
        const left = parseQuantity(kind, `${Math.min(a, b)} ${unit}`);
        const right = parseQuantity(kind, `${Math.max(a, b)} ${unit}`);
        if (left !== undefined && right !== undefined) ok(left <= right);
      }
    }),
  );
});

Deno.test("correctQuantity spells the unit right", () => {
  equal(correctQuantity(sizeKind, "2 gib"), "2 GiB");
  equal(correctQuantity(sizeKind, "2g"), "2 GiB");
  equal(correctQuantity(durationKind, "10 minutes"), "10 min");
  equal(correctQuantity(rateKind, "20 mbps"), "20 Mbit/s");
  equal(correctQuantity(sizeKind, "2 GiB"), undefined);
  equal(correctQuantity(sizeKind, "2 apples"), undefined);
  equal(correctQuantity(sizeKind, "1.2.3 gib"), undefined);
});

Deno.test("formatSize and formatDuration write for people", () => {
  equal(formatSize(0), "0 B");
  equal(formatSize(1023), "1023 B");
  equal(formatSize(1536), "1.5 KiB");
  equal(formatSize(1024 ** 2 - 1), "1 MiB".replace("1 ", "1.0 "));
  equal(formatSize(20 * 1024 ** 3), "20 GiB");
  equal(formatDuration(0.04), "0.0 s");
  equal(formatDuration(59.97), "1 min 00 s");
  equal(formatDuration(125), "2 min 05 s");
  equal(formatDuration(3599.9), "1 h 00 min");
  equal(formatDuration(7380), "2 h 03 min");
});
