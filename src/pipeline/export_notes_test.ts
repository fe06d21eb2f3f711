import assert from "node:assert/strict";
import type { AutorunMatch } from "../guest/trees/autorun_filter.ts";
import { exportNotes } from "./export_notes.ts";

const nothing = { count: 0, programs: [], first: [] };

Deno.test("a whole workspace is nothing to tell", () => {
  assert.deepEqual(exportNotes({ notes: [], leftOut: nothing }), []);
});

Deno.test("what was left out is told in one line, by whom it would be run", () => {
  const first: AutorunMatch[] = [
    { path: "src/.git/config", program: "git" },
    { path: "src/.envrc", program: "direnv" },
    { path: "src/a\nb/.envrc", program: "direnv" },
    { path: "src/c/.envrc", program: "direnv" },
  ];
  const leftOut = {
    count: 300,
    programs: ["direnv" as const, "git" as const],
    first,
  };
  assert.deepEqual(exportNotes({ notes: [], leftOut }), [
    'Left out what programs run by themselves, unless `workspace.keep` in your configuration says otherwise: "src/.git/config" (git), "src/.envrc" (direnv), "src/a\\x0ab/.envrc" (direnv) and 297 more',
  ]);
});

Deno.test("few of many other notes are told", () => {
  const notes = ["a", "b", "c", "d"];
  assert.deepEqual(
    exportNotes({ notes: notes.slice(0, 3), leftOut: nothing }),
    [
      "a",
      "b",
      "c",
    ],
  );
  assert.deepEqual(exportNotes({ notes, leftOut: nothing }), [
    "a",
    "b",
    "c",
    "Left out more: `workspace.notes` in the report names it",
  ]);
});
