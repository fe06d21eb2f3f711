import assert from "node:assert/strict";
import fc from "fast-check";
import { AUTORUN_FILES, AUTORUN_PROGRAMS } from "./autorun_files.ts";
import { AutorunFilter } from "./autorun_filter.ts";
import type { EntryKind } from "./tree_listing.ts";

const filter = new AutorunFilter([]);
const none = new AutorunFilter(AUTORUN_PROGRAMS);

/** A path of the list as a worker could have it, and its kind. */
function example(path: string): { path: string; kind: EntryKind } {
  const plain = path.replaceAll("*", "x");
  return plain.endsWith("/")
    ? { path: plain.slice(0, -1), kind: "directory" }
    : { path: plain, kind: "file" };
}

for (const { program, paths, source } of AUTORUN_FILES) {
  Deno.test(`what ${program} runs is left out, unless it is kept`, () => {
    assert.match(source, /^https:\/\//);
    const kept = new AutorunFilter([program]);
    for (const listed of paths) {
      const { path, kind } = example(listed);
      const nested = `src/a b/${path}`;
      assert.deepEqual(filter.match(path, kind), { path, program });
      assert.deepEqual(filter.match(nested, kind), { path: nested, program });
      assert.deepEqual(filter.match(nested.toUpperCase(), kind), {
        path: nested.toUpperCase(),
        program,
      });
      assert.deepEqual(filter.match(nested, "symlink"), {
        path: nested,
        program,
      });
      assert.equal(kept.match(nested, kind), undefined);
    }
  });
}

Deno.test("a directory is left out with everything below it", () => {
  const left = { path: "src/.VSCode", program: "vscode" };
  assert.deepEqual(filter.match("src/.VSCode/a/tasks.json", "file"), left);
  assert.deepEqual(filter.match("src/.VSCode/a/.vscode/b", "file"), left);
});

Deno.test("a directory of a file's name stays", () => {
  assert.equal(filter.match("src/.env", "directory"), undefined);
  assert.equal(filter.match("src/.env/bin/python", "file"), undefined);
  assert.equal(filter.match("src/.git", "directory"), undefined);
});

Deno.test("a link that takes a directory's place on the way is left out", () => {
  assert.deepEqual(filter.match("src/.mvn", "symlink"), {
    path: "src/.mvn",
    program: "maven",
  });
  assert.equal(filter.match("src/.mvn", "directory"), undefined);
  assert.equal(filter.match("src/mvn", "symlink"), undefined);
});

Deno.test("ordinary files stay", () => {
  const ordinary = [
    "src/config",
    "src/hooks/useState.js",
    "src/.gitignore",
    "src/.gitattributes",
    "src/.gitmodules",
    "src/.github/workflows/ci.yml",
    "src/.editorconfig",
    "src/.npmrc",
    "src/.git/HEAD",
    "src/.git/refs/heads/config",
    "src/.git/objects/ab/cdef",
    "src/.config/app/settings.json",
    "src/env",
    "src/x.env",
    "src/vscode/settings.json",
    "src/tools/bazelbuild",
  ];
  for (const path of ordinary) {
    assert.equal(filter.match(path, "file"), undefined, path);
  }
});

Deno.test("the parts of Git directories are found whatever these are called", () => {
  const tree = [
    "src/.git/modules/lib/HEAD",
    "src/.git/modules/lib/objects",
    "src/.git/modules/lib/config",
    "src/.git/modules/lib/hooks",
    "src/fixtures/bare/head",
    "src/fixtures/Bare/OBJECTS",
    "src/fixtures/bare/Config.",
    "src/other/HEAD",
    "src/other/commondir",
    "src/other/config.worktree",
    "src/app/config",
    "src/app/hooks",
    "src/app/HEAD",
    "HEAD",
    "objects",
    "config",
  ];
  assert.deepEqual(
    filter.matchGitParts(tree).map(({ path }) => path),
    [
      "src/.git/modules/lib/config",
      "src/.git/modules/lib/hooks",
      "src/fixtures/bare/Config.",
      "src/other/commondir",
      "src/other/config.worktree",
      "config",
    ],
  );
  assert.deepEqual(new AutorunFilter(["git"]).matchGitParts(tree), []);
});

Deno.test("who keeps everything gets everything", () => {
  fc.assert(fc.property(
    fc.constantFrom(...AUTORUN_FILES.flatMap(({ paths }) => [...paths])),
    (listed) => {
      const { path, kind } = example(listed);
      assert.equal(none.match(path, kind), undefined);
    },
  ));
});

Deno.test("what is left out is the path or above it", () => {
  const name = fc.oneof(
    fc.constantFrom(".git", "config", ".vscode", "tools", "bazel", ".env"),
    fc.string({ minLength: 1 }).map((text) => text.replaceAll("/", "_")),
  );
  fc.assert(fc.property(
    fc.array(name, { minLength: 1, maxLength: 5 }),
    fc.constantFrom<EntryKind>("file", "directory", "symlink"),
    (names, kind) => {
      const path = names.join("/");
      const match = filter.match(path, kind);
      if (match === undefined) return;
      assert.ok(`${path}/`.startsWith(`${match.path}/`));
      const own = match.path === path ? kind : "directory";
      assert.deepEqual(filter.match(match.path, own), match);
    },
  ));
});
