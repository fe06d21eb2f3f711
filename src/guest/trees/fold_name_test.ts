import assert from "node:assert/strict";
import fc from "fast-check";
import { foldName, foldPath } from "./fold_name.ts";

const spellings: [name: string, folded: string][] = [
  [".git", ".git"],
  [".GIT", ".git"],
  [".git.", ".git"],
  [".git . .", ".git"],
  [".git::$INDEX_ALLOCATION", ".git"],
  ["GIT~1", ".git"],
  [".g\u200cit", ".git"],
  [".gi\ufefft", ".git"],
  [".git\u034f", ".git"],
  [".ｇｉｔ", ".git"],
  [".vſcode", ".vscode"],
  [".vscode", ".vscode"],
  ["\u2100", "a_c"],
  ["HOO\u212aS", "hooks"],
];

for (const [name, folded] of spellings) {
  Deno.test(`foldName takes ${JSON.stringify(name)} for ${folded}`, () => {
    assert.equal(foldName(name), folded);
  });
}

Deno.test("foldName tells other names apart", () => {
  for (const name of ["git", ".gitignore", ".git-x", "git~x", "x.git"]) {
    assert.notEqual(foldName(name), ".git");
  }
});

Deno.test("foldPath keeps the number of names", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" })), (names) => {
    const path = names.join("/");
    assert.equal(foldPath(path).split("/").length, path.split("/").length);
  }));
});

Deno.test("a folded name folds to itself", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (name) => {
    assert.equal(foldName(foldName(name)), foldName(name));
  }));
});
