import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { toJsonLine, toJsonText } from "./json_output.ts";

Deno.test("JSON output equals the data and has no control characters", () => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
    const expected = JSON.parse(JSON.stringify(value));
    for (const text of [toJsonLine(value), toJsonText(value)]) {
      deepEqual(JSON.parse(text), expected);
      // deno-lint-ignore no-control-regex
      ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(text));
    }
    equal(toJsonLine(value).indexOf("\n"), toJsonLine(value).length - 1);
  }));
});
