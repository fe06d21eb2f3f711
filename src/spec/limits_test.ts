import assert from "node:assert/strict";
import fc from "fast-check";
import { limitNameSchema } from "../shared/rpc/verdict.ts";
import {
  type LimitKey,
  limitRows,
  mergeLimits,
  type ResourcesData,
  toResources,
  withLimit,
  writtenLimit,
} from "./limits.ts";
import { formatExactQuantity, parseQuantity } from "./units.ts";

const keys = limitRows.map(([key]) => key);

/** Limits as they are written, each one set or not. */
const someLimits = fc.record(
  Object.fromEntries(limitRows.map(([key, { kind, min, max = 2 ** 40 }]) => {
    const amount: fc.Arbitrary<number | string> = fc.integer({
      min,
      max: Math.min(max, 2 ** 40),
    });
    return [
      key,
      fc.option(
        kind === undefined
          ? amount
          : amount.map((value) => formatExactQuantity(kind, Number(value))),
        { nil: undefined },
      ),
    ];
  })) as Record<LimitKey, fc.Arbitrary<string | number | undefined>>,
);

function build(
  written: Record<LimitKey, string | number | undefined>,
): ResourcesData {
  return keys.reduce((data: ResourcesData, key) => {
    const value = written[key];
    return value === undefined ? data : withLimit(data, key, value);
  }, {});
}

Deno.test("a limit that is set is read, under its key and in base units", () => {
  fc.assert(fc.property(someLimits, (written) => {
    const data = build(written);
    const resources: Record<string, unknown> = { ...toResources(data) };
    for (const [key, { kind, property, default: general }] of limitRows) {
      const value = written[key];
      assert.equal(writtenLimit(data, key), value);
      const expected = value === undefined
        ? general
        : kind === undefined
        ? value
        : parseQuantity(kind, String(value));
      assert.equal(resources[property], expected, key);
    }
  }));
});

Deno.test("a build's own limits go before general ones", () => {
  fc.assert(fc.property(someLimits, someLimits, (general, own) => {
    const merged = mergeLimits(build(general), build(own));
    for (const key of keys) {
      assert.equal(writtenLimit(merged, key), own[key] ?? general[key]);
    }
  }));
});

Deno.test("the protocol has a name for each limit that ends a build", () => {
  const ending = limitRows.flatMap(([key, { exceeded }]) =>
    exceeded === undefined ? [] : [key]
  );
  const ofSpec = limitNameSchema.options.filter((name) =>
    !name.startsWith("workspace.")
  );
  assert.deepEqual(ending.toSorted(), ofSpec.toSorted());
});

Deno.test("defaults and caps of limits are within their bounds", () => {
  for (const [key, limit] of limitRows) {
    const { kind, min, max = Infinity, default: general, cap } = limit;
    const capped = cap === undefined ? undefined : parseQuantity(kind!, cap);
    for (const amount of [general, capped]) {
      assert.ok(amount === undefined || min <= amount && amount <= max, key);
    }
    assert.ok(capped === undefined || capped >= general!, key);
  }
});
