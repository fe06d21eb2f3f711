import { packTrees } from "../trees/pack.ts";
import {
  type EntryKind,
  listTree,
  type TreeLimits,
} from "../trees/tree_listing.ts";

/** Lists a tree and packs it alone. */
export async function packTree(options: {
  root: string;
  prefix: string;
  output: string;
  exclude: (path: string, kind: EntryKind) => boolean;
  pruneIfEmpty?: (path: string) => boolean;
  limits?: TreeLimits;
  signal?: AbortSignal;
}) {
  const { root, prefix, output, signal } = options;
  const { entries, skipped } = await listTree(root, options, signal);
  const bytes = await packTrees({
    trees: [{ root, prefix, entries }],
    output,
    ...(signal && { signal }),
  });
  const paths = entries.map(({ path, kind }) => ({ path, kind }));
  return { entries: entries.length, bytes, paths, skipped };
}
