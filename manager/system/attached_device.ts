import { AgentError } from "../../src/shared/rpc/peer.ts";
import { CommandError, runCommand } from "./commands.ts";

/** How long an attached disk may take to appear, also while all else starts. */
const ATTACH_TIMEOUT_SECONDS = 120;

/**
 * Waits until a disk that the host attached has its name.
 *
 * @throws {AgentError} `disk-missing`
 */
export async function waitForDevice(device: string): Promise<void> {
  try {
    await runCommand("udevadm", [
      "wait",
      `--timeout=${ATTACH_TIMEOUT_SECONDS}`,
      device,
    ]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new AgentError("disk-missing", `No disk "${device}"`);
  }
}
