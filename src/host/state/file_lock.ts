/** How long a lock that is free may take to be had, where it cannot be tried. */
const PATIENCE_MS = 100;

/**
 * Takes the exclusive flock(2) of a file if nobody holds it, and tells whether
 * it did. The file is closed if not.
 */
export async function tryLockFile(file: Deno.FsFile): Promise<boolean> {
  const locked = "tryLock" in file
    ? await file.tryLock(true)
    : await lockSoon(file);
  if (!locked) file.close();
  return locked;
}

/** Deno before 2.8 can only wait for a lock, so this stops waiting for it. */
async function lockSoon(file: Deno.FsFile): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), PATIENCE_MS);
  const locked = file.lock(true).then(() => true as const);
  try {
    return await Promise.race([locked, late]);
  } finally {
    clearTimeout(timer);
  }
}
