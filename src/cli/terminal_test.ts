import { equal } from "node:assert/strict";
import { wantsColour } from "./terminal.ts";

for (
  const [live, noColor, forceColor, expected] of [
    [true, undefined, undefined, true],
    [false, undefined, undefined, false],
    [true, "1", undefined, false],
    [true, "", undefined, true],
    [false, undefined, "1", true],
    [false, undefined, "", false],
    [true, undefined, "", true],
    [true, undefined, "0", false],
    [false, "", "1", true],
    [false, "1", "1", false],
    [true, "1", "1", false],
  ] as const
) {
  const given = JSON.stringify({ live, noColor, forceColor });
  Deno.test(`wantsColour is ${expected} for ${given}`, () =>
    equal(wantsColour({ live, noColor, forceColor }), expected));
}
