import { join } from "node:path";
import { stateFileError, systemErrorCode } from "./file_errors.ts";
import { acquireLock, type FileLock, tryAcquireLock } from "./lock.ts";
import type { StatePaths } from "./state_directory.ts";

const LOCK_NAME = "lock";

/** How long a build waits for its own, freshly named directory. */
const OPEN_WAIT_MS = 5_000;
const OPEN_ATTEMPTS = 5;

/** The directory of one living build, for the files it hands to the manager. */
export class Staging implements AsyncDisposable {
  readonly #lock: FileLock;

  constructor(readonly directory: string, lock: FileLock) {
    this.#lock = lock;
  }

  /** Removes the directory and all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await removeTree(this.directory);
    } finally {
      this.#lock.release();
    }
  }
}

/** Creates the staging directory of a build, and marks it as living. */
export async function openStaging(
  paths: StatePaths,
  build: string,
  purpose: string,
): Promise<Staging> {
  const directory = join(paths.staging, build);
  for (let attempt = 1;; attempt++) {
    try {
      await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
      const lock = await acquireLock(join(directory, LOCK_NAME), {
        purpose,
        wait: OPEN_WAIT_MS,
      });
      return new Staging(directory, lock);
    } catch (error) {
      // Collected by another process before it was locked.
      const collected = systemErrorCode(error) === "ENOENT";
      if (collected && attempt < OPEN_ATTEMPTS) continue;
      throw stateFileError(error, "create the directory", directory);
    }
  }
}

/** Whether the process of a build still holds its staging directory. */
export async function isBuildLiving(
  paths: StatePaths,
  build: string,
): Promise<boolean> {
  const path = join(paths.staging, build, LOCK_NAME);
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
  const lock = await tryAcquireLock(path, "looking for abandoned builds");
  lock?.release();
  return lock === undefined;
}

/**
 * Removes the staging directories of builds whose process is gone.
 *
 * @returns the builds that were removed
 */
export async function collectStaging(paths: StatePaths): Promise<string[]> {
  const removed: string[] = [];
  for await (const entry of Deno.readDir(paths.staging)) {
    const directory = join(paths.staging, entry.name);
    if (!entry.isDirectory) continue;
    const lock = await tryLockIn(directory);
    if (lock === undefined) continue;
    try {
      await removeTree(directory);
      removed.push(entry.name);
    } finally {
      lock.release();
    }
  }
  return removed;
}

/** Another process may collect the same directory at the same time. */
async function tryLockIn(directory: string): Promise<FileLock | undefined> {
  try {
    return await tryAcquireLock(
      join(directory, LOCK_NAME),
      "removing an abandoned build",
    );
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function removeTree(directory: string): Promise<void> {
  try {
    await Deno.remove(directory, { recursive: true });
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
}
