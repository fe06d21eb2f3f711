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

Deno.test("the binary builds, with the manager image that is in it", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/source`);
    await Deno.writeTextFile(`${directory}/source/input`, "hello");
    await Deno.symlink(
      `${root}.cache/images/tiny-worker.img`,
      `${directory}/tiny.img`,
    );
    await Deno.writeTextFile(
      `${directory}/tiny.yaml`,
      `worker-image: tiny.img
source: source
workspace: ws
build: tr a-z A-Z < input > output
`,
    );
    const { code, stdout, stderr } = await run(
      "dist/contractor",
      ["build", "tiny.yaml"],
      directory,
    );
    assert.equal(code, 0, stdout + stderr);
    assert.equal(
      await Deno.readTextFile(`${directory}/ws/src/output`),
      "HELLO",
    );
  }));
