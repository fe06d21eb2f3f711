/**
 * A project that builds in the tiny worker, on a network of the tests' harness.
 *
 * @module
 */

import type { CanaryConnection } from "../tests/harness/canary.ts";
import { sourceDirectory } from "./contractor_command.ts";

/** Makes the project's folder; its specification is `build.yaml`. */
export async function makeTinyProject(spec: string): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "bench-" });
  await Deno.mkdir(`${directory}/src`);
  await Deno.symlink(
    `${sourceDirectory}.cache/images/tiny-worker.img`,
    `${directory}/tiny.img`,
  );
  await Deno.writeTextFile(`${directory}/build.yaml`, spec);
  return directory;
}

/** Reads all that a client sends. */
export async function readAll(connection: CanaryConnection): Promise<void> {
  while (await connection.read() !== null);
}
