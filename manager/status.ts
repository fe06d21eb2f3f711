/**
 * What the manager tells about itself.
 *
 * @module
 */

import type { MethodResult } from "../src/shared/rpc/protocol.ts";
import { runCommand } from "./system/commands.ts";
import { measureDiskSpace } from "./images/data_disk.ts";
import type { AgentOptions } from "./agent.ts";
import { readMemoryFacts, readUptime } from "./system/system_facts.ts";

/** The protocol's limit on the text of `manager.logs`. */
const MAX_LOG_CHARACTERS = 4_000_000;

type Status = MethodResult<"manager.status">;

/** Measures the manager. */
export async function measureStatus(
  version: string,
  builds: Status["builds"],
  { cache, saved, resting }: Pick<AgentOptions, "cache" | "saved" | "resting">,
  state: string,
): Promise<Status> {
  const [memory, disk, uptimeSeconds, images, savedSize] = await Promise.all([
    readMemoryFacts(),
    measureDiskSpace(state),
    readUptime(),
    cache.sizes(),
    saved.size(),
  ]);
  return {
    version,
    uptimeSeconds,
    agentMemoryBytes: Deno.memoryUsage().rss,
    memoryTotalBytes: memory.total,
    memoryAvailableBytes: memory.available,
    diskTotalBytes: disk.total,
    diskUsedBytes: disk.used,
    builds,
    caches: { ...images, saved: savedSize },
    resting: resting.count,
  };
}

/** Reads the tail of the journal. */
export async function readJournal(lines: number): Promise<string> {
  const text = await runCommand("journalctl", [
    "--no-pager",
    "--quiet",
    "--output=short-monotonic",
    `--lines=${lines}`,
  ]);
  return text.slice(-MAX_LOG_CHARACTERS);
}
