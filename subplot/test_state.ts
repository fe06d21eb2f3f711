/**
 * The state directory of a test run: its own, so that a test never touches the
 * user's manager, and one for all scenarios, so that they share a manager.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname, isAbsolute, resolve } from "node:path";
import { imageDirectory, sourceDirectory } from "./repository.ts";

/**
 * Longest runtime directory that leaves room for the names of sockets below
 * it: a unix socket's path has at most 107 bytes.
 */
const LONGEST_RUNTIME_DIRECTORY = 60;

/** Variables that the command line gets from the test's own environment. */
const inherited =
  /^(PATH|HOME|USER|LANG|TMPDIR|CONTRACTOR_\w+|DENO_\w+|\w+_(PROXY|proxy))$/;

/** The directories of a test run. */
export interface TestState {
  state: string;
  runtime: string;
}

/**
 * Chooses the directories: `CONTRACTOR_TEST_STATE`, or `.cache/test-state` in
 * the source tree. Sockets go to a short path elsewhere where that is too long.
 */
export function chooseTestState(
  chosen: string | undefined,
  source: string,
  temporary: string,
): TestState {
  const state = chosen === undefined || chosen === ""
    ? resolve(source, ".cache/test-state")
    : isAbsolute(chosen)
    ? chosen
    : resolve(source, chosen);
  const nearby = `${state}/run`;
  if (byteLength(nearby) <= LONGEST_RUNTIME_DIRECTORY) {
    return { state, runtime: nearby };
  }
  const digest = createHash("sha256").update(state).digest("hex");
  return { state, runtime: `${temporary}/contractor-${digest.slice(0, 12)}` };
}

/**
 * Lines of a configuration in which projects may use the images of the source
 * tree: they are too large for each test to copy.
 */
export const imagesAllowed = `paths: [${JSON.stringify(imageDirectory)}]\n`;

/** Makes the directories and returns the environment of the command line. */
export async function prepareEnvironment(): Promise<Record<string, string>> {
  const { state, runtime } = chooseTestState(
    Deno.env.get("CONTRACTOR_TEST_STATE"),
    sourceDirectory,
    Deno.env.get("TMPDIR") ?? "/tmp",
  );
  await makePrivate(state);
  await makePrivate(runtime);
  await writeConfig(`${state}/config`);
  const environment = Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) =>
      inherited.test(name)
    ),
  );
  return {
    ...environment,
    XDG_CONFIG_HOME: `${state}/config`,
    XDG_STATE_HOME: state,
    XDG_RUNTIME_DIR: runtime,
    NO_COLOR: "1",
  };
}

/** Other tests may read it at the same time. */
async function writeConfig(home: string): Promise<void> {
  const path = `${home}/contractor/config.yaml`;
  const written = await Deno.readTextFile(path).catch(() => undefined);
  if (written === imagesAllowed) return;
  await Deno.mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(fresh, imagesAllowed);
  await Deno.rename(fresh, path);
}

async function makePrivate(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const { isDirectory, uid, mode } = await Deno.lstat(directory);
  const isPrivate = isDirectory && uid === Deno.uid() &&
    ((mode ?? 0) & 0o077) === 0;
  if (!isPrivate) {
    throw new Error(
      `Cannot use "${directory}": it must be a directory that only you can enter`,
    );
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
