/**
 * Waiting with an end.
 *
 * @module
 */

/** Whether the promise resolved in time; its error is thrown. */
export async function withTimeout(
  promise: Promise<unknown>,
  seconds: number,
): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), seconds * 1000);
  try {
    return await Promise.race([promise.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gives what the promise gives. @throws the signal's reason if it comes first */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  // Whoever stops waiting does not hear of it any more.
  promise.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
