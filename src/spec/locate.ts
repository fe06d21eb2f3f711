/**
 * From a path in the data back to its place in the text.
 *
 * @module
 */

import { type Document, isMap, isNode, isScalar, isSeq, type Node } from "yaml";

/** Keys and list indices, from the root. */
export type DataPath = readonly PropertyKey[];

/** Whether to point at the value, or at the key that it stands under. */
export type PathPart = "key" | "value";

/**
 * Offset of what is at `path`; of the nearest thing around it if it is not in
 * the text itself, such as a missing key or one that an alias brought in.
 */
export function locate(
  document: Document.Parsed,
  path: DataPath,
  part: PathPart,
): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const [depth, segment] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (isSeq(node)) {
      node = node.items[Number(segment)];
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) =>
        isScalar(key) && String(key.value) === segment
      );
      if (pair === undefined) return offset;
      const keyOffset = offsetOf(pair.key);
      node = pair.value;
      offset = keyOffset ?? offset;
      if (isLast && part === "key") return offset;
    } else {
      return offset;
    }
    offset = offsetOf(node) ?? offset;
  }
  return offset;
}

/** A value that is left out has no place of its own. */
function offsetOf(node: unknown): number | undefined {
  if (!isNode(node)) return undefined;
  const isLeftOut = isScalar(node) && node.value === null && !node.source;
  return isLeftOut ? undefined : (node as Node).range?.[0];
}
