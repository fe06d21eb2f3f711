import assert from "node:assert/strict";
import type { AutorunProgram } from "./autorun_files.ts";
import { directory, end, file, join, symlink } from "../testing/archive.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  unpack,
} from "../testing/trees.ts";

/** What becomes of an archive, and what of its tree there is on disk. */
async function unpackIn(
  root: string,
  parts: Uint8Array[],
  keep: AutorunProgram[] = [],
) {
  Deno.writeFileSync(`${root}/disk`, join(...parts, end()));
  const workspace = `${root}/workspace`;
  const { leftOut } = await unpack(`${root}/disk`, workspace, {}, keep);
  return { leftOut, tree: readTree(workspace), workspace };
}

const repository = (at: string) => [
  file(`${at}/HEAD`, "ref: refs/heads/main\n"),
  directory(`${at}/objects`),
  directory(`${at}/refs`),
  file(`${at}/config`, "[core]\n\tfsmonitor = ./evil\n"),
  directory(`${at}/hooks`),
  file(`${at}/hooks/post-checkout`, "#!/bin/sh\n"),
  symlink(`${at}/hooks/pre-commit`, "post-checkout"),
];

Deno.test("unpackWorkspace leaves out configuration and hooks of Git alone", () =>
  inTemporaryDirectory(async (root) => {
    const { leftOut, tree } = await unpackIn(root, [
      ...repository("src/.git"),
      ...repository("src/.git/modules/lib"),
      ...repository("src/bare"),
      file("src/lib/.git", "gitdir: ../.git/modules/lib\n"),
      file("src/app/config", "not Git's\n"),
    ]);
    const bodies = ["src/.git", "src/.git/modules/lib", "src/bare"].flatMap(
      (at) => [
        [`${at}/HEAD`, "ref: refs/heads/main\n"],
        [`${at}/objects`, "/"],
        [`${at}/refs`, "/"],
      ],
    );
    assert.deepEqual(tree, {
      ...Object.fromEntries(bodies),
      "src/app/config": "not Git's\n",
    });
    assert.deepEqual(leftOut, {
      count: 7,
      programs: ["git"],
      first: [
        "src/.git/config",
        "src/.git/hooks",
        "src/lib/.git",
        "src/.git/modules/lib/config",
        "src/.git/modules/lib/hooks",
        "src/bare/config",
        "src/bare/hooks",
      ].map((path) => ({ path, program: "git" })),
    });
  }));

Deno.test("unpackWorkspace brings back what the user keeps", () =>
  inTemporaryDirectory(async (root) => {
    const parts = [
      ...repository("src/.git"),
      file("src/.git/config.lock"),
      file("src/.envrc"),
      file("src/.vscode/tasks.json"),
    ];
    const { leftOut, tree } = await unpackIn(root, parts, ["git", "vscode"]);
    assert.equal(tree["src/.git/config"], "[core]\n\tfsmonitor = ./evil\n");
    assert.equal(tree["src/.git/hooks/pre-commit"], "-> post-checkout");
    assert.equal(tree["src/.vscode/tasks.json"], "content\n");
    assert.deepEqual(leftOut, {
      count: 1,
      programs: ["direnv"],
      first: [{ path: "src/.envrc", program: "direnv" }],
    });
  }));

Deno.test("unpackWorkspace leaves out parts of Git directories that are nested in parts", () =>
  inTemporaryDirectory(async (root) => {
    const { leftOut, tree } = await unpackIn(root, [
      ...repository("bare/hooks/inner"),
      ...repository("bare"),
      symlink("odd/HEAD", "../bare/HEAD"),
      symlink("odd/objects", "../bare/objects"),
      symlink("odd/config", "../evil"),
      file("evil"),
    ]);
    assert.deepEqual(Object.keys(tree).sort(), [
      "bare/HEAD",
      "bare/objects",
      "bare/refs",
      "evil",
      "odd/HEAD",
      "odd/objects",
    ]);
    assert.ok(leftOut.first.some(({ path }) => path === "odd/config"));
  }));

Deno.test("unpackWorkspace names a bounded number of what it leaves out", () =>
  inTemporaryDirectory(async (root) => {
    const files = Array.from({ length: 150 }, (_, i) => file(`d${i}/.envrc`));
    const { leftOut } = await unpackIn(root, files);
    assert.equal(leftOut.count, 150);
    assert.equal(leftOut.first.length, 100);
  }));

async function git(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command("git", {
    args: ["-C", folder, ...args],
    clearEnv: true,
    env: {
      PATH: "/usr/bin:/bin",
      HOME: "/nonexistent",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CEILING_DIRECTORIES: folder.slice(0, folder.lastIndexOf("/")),
    },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A work tree whose configuration runs `ran` when Git looks at it. */
async function makeHostileRepository(folder: string, ran: string) {
  makeTree(folder, { "a.txt": "a\n" });
  const author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
  for (
    const args of [
      ["init", "--quiet"],
      ["add", "a.txt"],
      [...author, "commit", "--quiet", "-m", "a"],
      ["tag", "v1.0"],
      ["config", "core.fsmonitor", `touch ${ran}; false`],
    ]
  ) {
    const { code, stderr } = await git(folder, ...args);
    assert.equal(code, 0, stderr);
  }
}

for (const keep of [[], ["git" as const]]) {
  const what = keep.length === 0 ? "nothing" : "what the user kept";
  Deno.test(`git status in an unpacked workspace runs ${what}`, () =>
    inTemporaryDirectory(async (root) => {
      const ran = `${root}/ran`;
      await makeHostileRepository(`${root}/made/src`, ran);
      await new Deno.Command("tar", {
        args: ["-C", `${root}/made`, "-cf", `${root}/disk`, "src"],
      }).output();
      await unpack(`${root}/disk`, `${root}/ws`, {
        entries: 10_000,
        nameBytes: 1e6,
      }, keep);
      const status = await git(`${root}/ws/src`, "status", "--short");
      assert.deepEqual([status.code, status.stdout], [0, ""], status.stderr);
      const { stdout } = await git(`${root}/ws/src`, "describe", "--tags");
      assert.equal(stdout, "v1.0\n");
      const exists = await Deno.lstat(ran).then(() => true, () => false);
      assert.equal(exists, keep.length > 0);
    }));
}
