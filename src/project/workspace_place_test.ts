import assert from "node:assert/strict";
import { findRunFolder } from "./workspace_place.ts";

const found = (path: string) => findRunFolder(`/p/${path}`, "/p");

Deno.test("no workspace is in a folder that other programs run things from", () => {
  for (
    const name of [
      ".git",
      ".GIT",
      ".git.",
      ".git ",
      ".vscode",
      ".config",
      "...",
      "GIT~1",
      "git~1.",
      "\u200c.git",
      ".g\u200cit",
      "\u2024git",
      "repository.git",
      "node_modules",
      "Node_Modules",
      "node_modules.",
      "\u200c..",
      "bin",
      "bin:stream",
      "hooks",
    ]
  ) {
    assert.equal(found(name), name);
    assert.equal(found(`${name}/ws`), name);
    assert.equal(found(`a/${name}/b/ws`), name);
  }
  assert.equal(found("node_modules/.bin"), "node_modules");
});

Deno.test("other folders are fine, also below a project in such a folder", () => {
  for (
    const path of [
      "",
      "ws",
      "out/ws",
      "ws.d",
      "a.b",
      "git",
      "binary",
      "ws~",
      "x..y",
    ]
  ) assert.equal(found(path), undefined, path);
  assert.equal(
    findRunFolder("/h/.cache/bin/p/ws", "/h/.cache/bin/p"),
    undefined,
  );
});
