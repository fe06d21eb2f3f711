import { deepStrictEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { compilePattern } from "./pattern.ts";

function capture(pattern: string, text: string) {
  return compilePattern(pattern).match(text)?.map(({ value }) => value);
}

Deno.test("compilePattern() matches the whole text", () => {
  deepStrictEqual(capture("then it works", "it works"), []);
  equal(capture("then it works", "it works not"), undefined);
  equal(capture("then it works", "yes, it works"), undefined);
});

Deno.test("compilePattern() captures by type", () => {
  deepStrictEqual(capture("then exit code is {n:int}", "exit code is -12"), [
    -12,
  ]);
  equal(capture("then exit code is {n:int}", "exit code is one"), undefined);
  deepStrictEqual(capture("given file {name}", "file a.c"), ["a.c"]);
  equal(capture("given file {name}", "file a b"), undefined);
  deepStrictEqual(capture('then I see "{t:text}"', 'I see "a "b""'), ['a "b"']);
  deepStrictEqual(capture("given {a} and {b:path}", "x and y/z"), ["x", "y/z"]);
});

Deno.test("compilePattern() takes other characters literally", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((text) => !/[{}\r\n]/.test(text)),
      (text) => {
        deepStrictEqual(capture(`given ${text}`, text), []);
        equal(capture(`given ${text}`, `${text}x`), undefined);
      },
    ),
  );
});

Deno.test("compilePattern() refuses what it does not know", () => {
  throws(() => compilePattern("file {name}"), /must start with given/);
  throws(() => compilePattern("given file {name:float}"), /unknown capture/);
  throws(() => compilePattern("given file {Name!}"), /unknown capture/);
  throws(() => compilePattern("given {a} and {a}"), /captures "a" twice/);
});
