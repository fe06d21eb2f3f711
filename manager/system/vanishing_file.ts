/**
 * Files that another build may have just removed.
 *
 * @module
 */

/** Whether there is such a file. */
export async function exists(file: string): Promise<boolean> {
  return (await orGone(Deno.stat(file)))?.isFile ?? false;
}

/** Marks a file as used; false if it is gone. */
export async function touch(file: string): Promise<boolean> {
  const now = new Date();
  return await orGone(Deno.utime(file, now, now).then(() => true)) ?? false;
}

/** Undefined if what something is done with is not there. */
export async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
