import assert from "node:assert/strict";
import {
  MAX_WILDCARD_CHARACTERS,
  MAX_WILDCARD_NAMES,
  WildcardNames,
} from "./wildcard_names.ts";

Deno.test("WildcardNames admits so many names, each as often as it is asked for", () => {
  const names = new WildcardNames();
  for (let number = 0; number < MAX_WILDCARD_NAMES; number++) {
    assert.ok(names.admit(`n${number}.a.test`, ".a.test"));
    assert.ok(names.admit(`n${number}.a.test`, ".a.test"));
  }
  assert.ok(!names.admit("one-more.a.test", ".a.test"));
  assert.ok(!names.admit("one-more.b.test", ".b.test"));
  assert.ok(names.admit("n0.a.test", ".a.test"));
});

Deno.test("WildcardNames admits no long names", () => {
  const longest = "x".repeat(MAX_WILDCARD_CHARACTERS);
  const names = new WildcardNames();
  assert.ok(names.admit(`${longest}.a.test`, ".a.test"));
  assert.ok(!names.admit(`${longest}x.a.test`, ".a.test"));
  assert.ok(!names.admit(`${"x.".repeat(33)}a.test`, ".a.test"));
});
