import assert from "node:assert/strict";
import fc from "fast-check";
import { shellWord } from "./shell_word.ts";

Deno.test("shellWord leaves a plain path as it is", () => {
  assert.equal(shellWord("/home/me/.config/gh-1_2"), "/home/me/.config/gh-1_2");
});

/** What POSIX makes of a word of quoted and plain parts. */
function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|\\(.)/gs,
    (_, quoted, escaped) => quoted ?? escaped,
  );
}

Deno.test("shellWord makes one word of anything", () => {
  assert.equal(shellWord("/tmp/$(id)"), "'/tmp/$(id)'");
  assert.equal(shellWord("it's"), "'it'\\''s'");
  fc.assert(fc.property(fc.string(), (text) => {
    const word = shellWord(text);
    assert.equal(unquote(word), text);
    const bare = word.replace(/'[^']*'|\\'/g, "");
    assert.match(bare, /^[\w@%+=:,./-]*$/);
  }));
});
