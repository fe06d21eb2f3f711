/**
 * Bounds of a workspace that no build spec changes. What travels in is to come
 * back: so it has no more entries either.
 */
export const TREE_LIMITS = {
  entries: 1_000_000,
  depth: 128,
  pathBytes: 4096,
  nameBytes: 256 * 1024 ** 2,
} as const;
