/**
 * Chooses which cached images make place for a new one.
 *
 * @module
 */

/** A cached file that may be removed. */
export interface CacheEntry {
  /** Unique among all entries. */
  key: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  lastUsed: number;
  /** Entries that are useless without this one. */
  dependents: readonly string[];
  inUse: boolean;
}

/**
 * Returns the entries to remove so that the given number of bytes becomes
 * free: the least recently used first, never one in use or one that an entry
 * in use depends on. Fewer bytes may become free than asked for.
 */
export function chooseEvictions(
  entries: readonly CacheEntry[],
  bytesNeeded: number,
): string[] {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const chosen = new Set<string>();
  let freed = 0;
  const oldestFirst = [...entries].sort((a, b) => a.lastUsed - b.lastUsed);
  for (const entry of oldestFirst) {
    if (freed >= bytesNeeded) break;
    const group = [
      entry,
      ...entry.dependents.map((key) => byKey.get(key)).filter((dependent) =>
        dependent !== undefined
      ),
    ];
    if (group.some((member) => member.inUse)) continue;
    for (const member of group) {
      if (chosen.has(member.key)) continue;
      chosen.add(member.key);
      freed += member.bytes;
    }
  }
  return [...chosen];
}
