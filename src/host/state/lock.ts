import { z } from "zod";
import { EnvironmentError, InterruptedError } from "../../shared/errors.ts";
import { stateFileError, systemErrorCode } from "./file_errors.ts";
import { tryLockFile } from "./file_lock.ts";

const POLL_INTERVAL_MS = 100;

/** A lock file holds a line about its holder; longer is not ours. */
const HOLDER_BYTES_LIMIT = 1024;

const holderSchema = z.strictObject({
  process: z.int().min(1),
  purpose: z.string().max(200),
});

/** Who holds a lock, as the lock file tells. */
export type LockHolder = z.infer<typeof holderSchema>;

export interface LockOptions {
  /** What the lock is held for, such as `building hello`. */
  readonly purpose: string;
  /** How long to wait for another holder, in milliseconds; 0 if not given. */
  readonly wait?: number;
  readonly signal?: AbortSignal;
}

/** A lock that this process holds; the kernel ends it with the process. */
export class FileLock implements AsyncDisposable {
  #file: Deno.FsFile | undefined;

  constructor(readonly path: string, file: Deno.FsFile) {
    this.#file = file;
  }

  /** Lets go of the lock; does nothing if that was done before. */
  release(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}

/**
 * Takes a lock, waiting for it as long as the options say.
 *
 * @throws {EnvironmentError} `lock-held`, naming the holder
 */
export async function acquireLock(
  path: string,
  options: LockOptions,
): Promise<FileLock> {
  const deadline = performance.now() + (options.wait ?? 0);
  for (;;) {
    if (options.signal?.aborted) throw new InterruptedError();
    const lock = await tryAcquireLock(path, options.purpose);
    if (lock !== undefined) return lock;
    if (performance.now() >= deadline) throw await heldError(path);
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}

/** Takes a lock if nobody holds it. */
export async function tryAcquireLock(
  path: string,
  purpose: string,
): Promise<FileLock | undefined> {
  const file = await openLockFile(path);
  if (!await tryLockFile(file)) return undefined;
  const lock = new FileLock(path, file);
  try {
    if (await isFileAt(file, path)) {
      await writeHolder(file, purpose);
      return lock;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
  lock.release();
  return undefined;
}

async function openLockFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, {
      read: true,
      write: true,
      create: true,
      mode: 0o600,
    });
  } catch (error) {
    throw stateFileError(error, "lock the file", path);
  }
}

/** Who holds the lock, if its file tells. */
export async function readHolder(
  path: string,
): Promise<LockHolder | undefined> {
  try {
    const text = await Deno.readTextFile(path);
    if (text.length > HOLDER_BYTES_LIMIT) return undefined;
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** False if the file was removed or replaced before it was locked. */
async function isFileAt(file: Deno.FsFile, path: string): Promise<boolean> {
  const locked = await file.stat();
  try {
    const found = await Deno.lstat(path);
    return found.ino === locked.ino && found.dev === locked.dev;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function writeHolder(file: Deno.FsFile, purpose: string): Promise<void> {
  const holder: LockHolder = {
    process: Deno.pid,
    purpose: purpose.slice(0, 200),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(holder) + "\n");
  try {
    await file.truncate();
    await file.write(bytes);
  } catch (error) {
    // The note is for people: a full disk must not keep a lock from being had.
    if (systemErrorCode(error) !== "ENOSPC") throw error;
  }
}

async function heldError(path: string): Promise<EnvironmentError> {
  const holder = await readHolder(path);
  const who = holder === undefined
    ? "Another contractor"
    : `Another contractor (process ${holder.process}, ${holder.purpose})`;
  return new EnvironmentError("lock-held", `${who} holds "${path}"`, {
    hint: "Wait until it is done, or end it",
  });
}
