/**
 * Which symlinks may be created in an unpacked workspace.
 *
 * A target may climb with `..` only at its start, where it climbs through the
 * directories that hold the link, which are real ones. So no chain of allowed
 * links leads out of the tree: each resolves to a place inside it, and none
 * climbs again after passing through another link.
 *
 * @module
 */

/** Linux takes no longer target. */
const MAX_TARGET_BYTES = 4095;

/** Linux takes no longer path. */
export const MAX_PATH_BYTES = 4096;

/** A symlink to create: a path below the root, and what it points to. */
export interface SymbolicLink {
  path: string;
  target: string;
}

const control = /\p{Cc}/u;

const byteLength = (text: string) => new TextEncoder().encode(text).length;

/** Whether a path is relative, normalized and free of control characters. */
export function isPlainPath(path: string): boolean {
  return !control.test(path) && byteLength(path) <= MAX_PATH_BYTES &&
    path.split("/").every((c) => c !== "" && c !== "." && c !== "..");
}

/** Why a link must not be created; undefined if it may. */
export function refuseLink(link: SymbolicLink): string | undefined {
  if (!isPlainPath(link.path)) return "its path is not a plain relative one";
  const { target } = link;
  if (target === "") return "its target is empty";
  if (control.test(target)) return "its target has control characters";
  if (byteLength(target) > MAX_TARGET_BYTES) return "its target is too long";
  if (target.startsWith("/")) return "its target is absolute";
  let depth = link.path.split("/").length - 1;
  let climbing = true;
  for (const component of target.split("/")) {
    if (component === "" || component === ".") continue;
    if (component !== "..") climbing = false;
    else if (!climbing) return "its target climbs after descending";
    else if (--depth < 0) return "its target is outside the workspace";
  }
  return undefined;
}
