import { deepStrictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { splitCommandLine } from "./command_line.ts";

Deno.test("splitCommandLine() splits at blanks outside of quotes", () => {
  deepStrictEqual(splitCommandLine(" build  a.yaml "), ["build", "a.yaml"]);
  deepStrictEqual(splitCommandLine(`a 'b c' d"e f"`), ["a", "b c", "de f"]);
  deepStrictEqual(splitCommandLine(`a "" ''`), ["a", "", ""]);
});

Deno.test("splitCommandLine() refuses an open quote", () => {
  throws(() => splitCommandLine("a 'b"), /has an open '/);
});

Deno.test("splitCommandLine() finds quoted arguments again", () => {
  const argument = fc.string().filter((text) => !text.includes("'"));
  fc.assert(fc.property(fc.array(argument), (args) => {
    const line = args.map((text) => `'${text}'`).join(" ");
    deepStrictEqual(splitCommandLine(line), args);
  }));
});
