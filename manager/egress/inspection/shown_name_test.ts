import assert from "node:assert/strict";
import fc from "fast-check";
import { attemptSchema } from "../../../src/shared/rpc/verdict.ts";
import { showName } from "./shown_name.ts";

Deno.test("a plain name is shown as it is", () => {
  assert.equal(showName("example.org:80"), "example.org:80");
});

Deno.test("bytes that could mislead are escaped", () => {
  assert.equal(showName("a b\\\x1b[31m"), "a\\x20b\\x5c\\x1b[31m");
  assert.equal(showName("é"), "\\xc3\\xa9");
  assert.equal(showName(Uint8Array.of(0, 0xff)), "\\x00\\xff");
});

Deno.test("no name is shown as something", () => {
  assert.equal(showName(""), '""');
});

Deno.test("a long name is cut, but not within an escape", () => {
  assert.equal(showName("x".repeat(300)), "x".repeat(300));
  assert.equal(showName("x".repeat(301)), "x".repeat(297) + "...");
  assert.equal(
    showName("x" + "\0".repeat(100_000)),
    "x" + "\\x00".repeat(74) + "...",
  );
});

Deno.test("whatever is shown fits an attempt's record", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }),
  );
  fc.assert(fc.property(name, (name) => {
    assert.ok(attemptSchema.shape.claimed.safeParse(showName(name)).success);
  }));
});
