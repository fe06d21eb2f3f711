import { EnvironmentError } from "../../shared/errors.ts";
import { systemErrorCode } from "../state/file_errors.ts";
import { acquireLock } from "../state/lock.ts";
import { QmpClient } from "./qmp.ts";
import type { StatePaths } from "../state/state_directory.ts";

/** Attaching a disk takes milliseconds; a stop that waits may take longer. */
const LOCK_WAIT_MS = 60_000;

/**
 * Talks to the manager's QEMU, and to nobody else: who answers on the socket is
 * the manager, while a process number in a file may have been taken over.
 *
 * @returns what `talk` returns, or undefined if no manager runs
 */
export async function withQemu<T>(
  paths: StatePaths,
  purpose: string,
  talk: (qmp: QmpClient) => Promise<T>,
): Promise<T | undefined> {
  await using _lock = await acquireLock(paths.run.qmpLock, {
    purpose,
    wait: LOCK_WAIT_MS,
  });
  await using qmp = await connect(paths.run.qmpSocket);
  return qmp && await talk(qmp);
}

/** Like {@linkcode withQemu}, where a manager must be running. */
export async function withRunningQemu<T>(
  paths: StatePaths,
  purpose: string,
  talk: (qmp: QmpClient) => Promise<T>,
): Promise<T> {
  const answer = await withQemu(paths, purpose, async (qmp) => ({
    value: await talk(qmp),
  }));
  if (answer !== undefined) return answer.value;
  throw new EnvironmentError(
    "manager-not-running",
    "The manager VM is not running",
    { hint: "Start it: contractor manager start" },
  );
}

/** Undefined if QEMU does not run, or ends before it greets. */
async function connect(path: string): Promise<QmpClient | undefined> {
  try {
    const connection = await Deno.connect({ transport: "unix", path });
    return await QmpClient.open(connection);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ECONNREFUSED") return undefined;
    if (error instanceof EnvironmentError && error.code === "manager-gone") {
      return undefined;
    }
    throw error;
  }
}
