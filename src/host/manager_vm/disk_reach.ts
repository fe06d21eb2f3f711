import { EnvironmentError } from "../../shared/errors.ts";
import type { DiskSettings } from "./manager_disks.ts";

/**
 * QEMU opens whatever the user may: it is asked for nothing that this isolate
 * may not open itself.
 *
 * @throws {EnvironmentError} `disk-foreign`
 */
export async function requireReach(
  { path, readOnly }: Pick<DiskSettings, "path" | "readOnly">,
): Promise<void> {
  for (
    const name of readOnly ? ["read"] as const : ["read", "write"] as const
  ) {
    const { state } = await Deno.permissions.query({ name, path });
    if (state === "granted") continue;
    throw new EnvironmentError(
      "disk-foreign",
      `Cannot hand "${path}" to the manager: it is no disk of a build`,
    );
  }
}
