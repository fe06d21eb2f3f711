/**
 * Looks at processes from outside.
 *
 * @module
 */

import assert from "node:assert/strict";

/** Whether a process runs; one that is not reaped yet does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    return !/^State:\tZ/m.test(status);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Waits until a process has ended. */
export async function untilEnded(
  pid: number,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (await isRunning(pid)) {
    assert.ok(Date.now() < deadline, `process ${pid} is still running`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
