/**
 * Waiting no longer than agreed.
 *
 * @module
 */

/** The error of an answer that came too late. */
export function lateAnswer(milliseconds: number): Error {
  return new Error(`no answer in ${milliseconds / 1000} s`);
}

/** What the promise resolves to, if it does so in time. */
export async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(lateAnswer(milliseconds)),
    milliseconds,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
