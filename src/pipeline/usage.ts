import type { Usage } from "../shared/rpc/protocol.ts";

/** What workers used that ran one after another. */
export function addUsage(earlier: Usage | null, later: Usage): Usage {
  if (earlier === null) return later;
  return {
    cpuSeconds: earlier.cpuSeconds + later.cpuSeconds,
    peakMemoryBytes: Math.max(earlier.peakMemoryBytes, later.peakMemoryBytes),
    diskBytes: Math.max(earlier.diskBytes, later.diskBytes),
    memoryKills: earlier.memoryKills + later.memoryKills,
  };
}
