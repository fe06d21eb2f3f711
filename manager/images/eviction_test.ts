import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type CacheEntry,
  chooseEvictions,
  chooseExpired,
  evictableBytes,
} from "./eviction.ts";

function entry(key: string, lastUsed: number, rest: Partial<CacheEntry> = {}) {
  return { key, lastUsed, bytes: 10, dependents: [], inUse: false, ...rest };
}

Deno.test("chooseEvictions() removes the least recently used first", () => {
  const entries = [entry("new", 3), entry("old", 1), entry("middle", 2)];
  assert.deepEqual(chooseEvictions(entries, 15), ["old", "middle"]);
  assert.deepEqual(chooseEvictions(entries, 0), []);
});

Deno.test("chooseEvictions() removes an image with what stands on it", () => {
  const entries = [
    entry("image", 1, { dependents: ["prepared"] }),
    entry("prepared", 5),
    entry("other", 2),
  ];
  assert.deepEqual(chooseEvictions(entries, 15), ["image", "prepared"]);
});

Deno.test("chooseExpired() removes what is old, then the oldest of what is too much", () => {
  const entries = [
    entry("new", 9),
    entry("old", 1),
    entry("middle", 5),
    entry("used", 0, { inUse: true }),
  ];
  const all = { maxBytes: 40, since: 0 };
  assert.deepEqual(chooseExpired(entries, all), []);
  assert.deepEqual(chooseExpired(entries, { ...all, since: 5 }), ["old"]);
  assert.deepEqual(chooseExpired(entries, { ...all, maxBytes: 20 }), [
    "old",
    "middle",
  ]);
  assert.deepEqual(chooseExpired(entries, { maxBytes: 0, since: 99 }), [
    "old",
    "middle",
    "new",
  ]);
});

Deno.test("evictableBytes() leaves out what is in use, and what that stands on", () => {
  const entries = [
    entry("image", 1, { dependents: ["prepared"] }),
    entry("prepared", 5, { inUse: true }),
    entry("other", 2),
  ];
  assert.equal(evictableBytes(entries), 10);
});

Deno.test("chooseEvictions() keeps what is in use, and what that stands on", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ inUse: fc.boolean(), age: fc.nat(100) })),
      fc.array(fc.record({ inUse: fc.boolean(), age: fc.nat(100) })),
      fc.nat(1000),
      (images, prepared, needed) => {
        const entries = [
          ...images.map(({ inUse, age }, index) =>
            entry(`i${index}`, age, {
              inUse,
              dependents: prepared.map((_, other) => other)
                .filter((other) => other % images.length === index)
                .map((other) => `p${other}`),
            })
          ),
          ...prepared.map(({ inUse, age }, index) =>
            entry(`p${index}`, age, { inUse })
          ),
        ];
        const chosen = new Set(chooseEvictions(entries, needed));
        for (const { key, inUse, dependents } of entries) {
          if (inUse) assert.ok(!chosen.has(key));
          if (!chosen.has(key)) continue;
          for (const dependent of dependents) assert.ok(chosen.has(dependent));
        }
      },
    ),
  );
});
