/**
 * The compiled binary does what the command line from source does. It is made
 * by scripts/compile, with the manager image inside.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { prepareEnvironment } from "../subplot/test_state.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

async function run(program: string, args: string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(`${root}${program}`, {
    args,
    cwd,
    clearEnv: true,
    env: await prepareEnvironment(),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Runs the test in a fresh directory. */
async function inDirectory(
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "compiled-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the binary dumps a spec as the source does", async () => {
  const args = ["dump", "examples/hello/hello.yaml"];
  const compiled = await run("dist/contractor", args, root);
  assert.equal(compiled.code, 0, compiled.stderr);
  assert.deepEqual(compiled, await run("scripts/contractor", args, root));
});

Deno.test("the binary's mistakes have the same exit codes", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/bad.yaml`, "buidl: make\n");
    const { code, stderr } = await run(
      "dist/contractor",
      ["check", "bad.yaml"],
      directory,
    );
    assert.equal(code, 2);
    assert.match(stderr, /bad\.yaml:1:1: .*"buidl"/);
  }));

Deno.test("the binary builds a project behind a link, with the manager image that is in it", () =>
  inDirectory(async (directory) => {
    const project = `${directory}/data/project`;
    for (const name of [".git", "ci", "source"]) {
      await Deno.mkdir(`${project}/${name}`, { recursive: true });
    }
    await Deno.symlink("data", `${directory}/work`);
    await Deno.writeTextFile(`${project}/source/input`, "hello");
    await Deno.symlink(
      `${root}.cache/images/tiny-worker.img`,
      `${project}/tiny.img`,
    );
    await Deno.writeTextFile(
      `${project}/ci/tiny.yaml`,
      `worker-image: ../tiny.img
source: ..
workspace: ../ws
build: tr a-z A-Z < source/input > output
`,
    );
    // The second one starts from the workspace of the first.
    for (let n = 0; n < 2; n++) {
      const { code, stdout, stderr } = await run(
        "dist/contractor",
        ["build", "work/project/ci/tiny.yaml"],
        directory,
      );
      assert.equal(code, 0, stdout + stderr);
    }
    assert.equal(
      await Deno.readTextFile(`${project}/ws/src/output`),
      "HELLO",
    );
  }));
