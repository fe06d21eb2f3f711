/**
 * `scripts/compile` says exactly what is missing where Deno's base binary
 * cannot be had.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sourceDirectory } from "../subplot/repository.ts";

/** A copy of what is compiled: the source tree's own binary must stay. */
async function copySource(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "compile-" });
  const { success } = await new Deno.Command("cp", {
    args: ["-R", "scripts", "src", "mod.ts", "deno.json", "deno.lock"]
      .concat(directory),
    cwd: sourceDirectory,
  }).output();
  assert.ok(success);
  // Packages are there, a base binary of earlier downloads is not.
  await Deno.mkdir(`${directory}/.cache/deno-dir`, { recursive: true });
  for (const name of ["deno", "images", "deno-dir/npm"]) {
    await Deno.symlink(
      `${sourceDirectory}.cache/${name}`,
      `${directory}/.cache/${name}`,
    );
  }
  return directory;
}

/** Compiles where the only way to the network is a closed port. */
async function compile(
  variables: Record<string, string>,
): Promise<{ code: number; stderr: string }> {
  const directory = await copySource();
  try {
    const { code, stderr } = await new Deno.Command(
      `${directory}/scripts/compile`,
      {
        clearEnv: true,
        env: {
          PATH: Deno.env.get("PATH") ?? "",
          HOME: directory,
          HTTPS_PROXY: "http://127.0.0.1:1",
          ...variables,
        },
        stdin: "null",
      },
    ).output();
    await assert.rejects(Deno.stat(`${directory}/dist/contractor`));
    return { code, stderr: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("compile names a base binary that is not where it should be", async () => {
  const { code, stderr } = await compile({ DENORT_BIN: "/nowhere/denort" });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^error: Cannot find .*\/nowhere\/denort$/m);
});

Deno.test("compile names a pair of binaries that is not complete", async () => {
  const { code, stderr } = await compile({
    CONTRACTOR_COMPILE_DENO: "/nowhere",
  });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^error: Cannot run \/nowhere\/deno$/m);
});

Deno.test("compile names the base binary that cannot be downloaded", async () => {
  const { code, stderr } = await compile({});
  assert.equal(code, 3, stderr);
  const { deno } = Deno.version;
  const target = Deno.build.target;
  const name = `denort ${deno} for ${target}`;
  assert.ok(
    stderr.includes(`Cannot get Deno's base binary: ${name}\n`),
    stderr,
  );
  assert.match(stderr, /Set DENORT_BIN to a denort /);
  // Why, as Deno tells it.
  assert.match(stderr, /dl\.deno\.land.*refused/);
});
