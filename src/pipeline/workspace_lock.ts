import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { acquireLock, type FileLock } from "../host/state/lock.ts";

/**
 * Takes the lock of a workspace, whatever it is called: two builds must not
 * replace the same one at the same time. Its parent counts by what it is, since
 * it can be mounted twice; its name without case, which some file systems
 * ignore.
 *
 * @param directory where the locks are
 * @param workspace real path; its parent is there
 * @throws {EnvironmentError} `lock-held`, naming the holder
 */
export async function lockWorkspace(
  directory: string,
  workspace: string,
  purpose: string,
): Promise<FileLock> {
  const { dev, ino } = await Deno.stat(dirname(workspace));
  const name = basename(workspace).normalize("NFC").toLowerCase();
  const digest = createHash("sha256").update(`${dev}:${ino}/${name}`)
    .digest("hex");
  return await acquireLock(
    join(directory, `workspace-${digest.slice(0, 16)}.lock`),
    { purpose },
  );
}
