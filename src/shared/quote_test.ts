import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { escapeControls, quote } from "./quote.ts";

Deno.test("quote makes terminal control sequences visible", () => {
  equal(quote("a\x1b[2Jb"), '"a\\u001b[2Jb"');
  equal(quote("a\u009b2Jb"), '"a\\u009b2Jb"');
  equal(quote("a\nb"), '"a\\nb"');
  equal(quote("\u202egpj.exe"), '"\\u202egpj.exe"');
});

Deno.test("quote keeps ordinary text and bounds long text", () => {
  equal(quote("größe 日本"), '"größe 日本"');
  ok(quote("x".repeat(10_000)).length < 100);
});

Deno.test("escapeControls leaves no control character but tab and line feed", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    ok(!/[^\P{Cc}\t\n]/u.test(escapeControls(text)));
  }));
});
