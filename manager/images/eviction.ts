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
  return choose(entries, (_, freed) => freed < bytesNeeded);
}

/** Most bytes that can become free. */
export function evictableBytes(entries: readonly CacheEntry[]): number {
  const chosen = new Set(chooseEvictions(entries, Infinity));
  return sumBytes(entries.filter(({ key }) => chosen.has(key)));
}

/** What is kept of the cache while there is room. */
export interface CacheLimits {
  maxBytes: number;
  /** Milliseconds since the epoch: what was last used before goes. */
  since: number;
}

/**
 * Returns the entries that are beyond the limits: the least recently used
 * first, with the exceptions of {@linkcode chooseEvictions}.
 */
export function chooseExpired(
  entries: readonly CacheEntry[],
  { maxBytes, since }: CacheLimits,
): string[] {
  const total = sumBytes(entries);
  return choose(
    entries,
    ({ lastUsed }, freed) => lastUsed < since || total - freed > maxBytes,
  );
}

/** Chooses the oldest for as long as the next one is to go. */
function choose(
  entries: readonly CacheEntry[],
  isToGo: (entry: CacheEntry, freed: number) => boolean,
): string[] {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const chosen = new Set<string>();
  let freed = 0;
  const oldestFirst = [...entries].sort((a, b) => a.lastUsed - b.lastUsed);
  for (const entry of oldestFirst) {
    if (!isToGo(entry, freed)) break;
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

function sumBytes(entries: readonly CacheEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}
