import { relative } from "node:path";

/** Whether a path is a folder or below it; both absolute, links not followed. */
export function isWithin(folder: string, path: string): boolean {
  const route = relative(folder, path);
  return route !== ".." && !route.startsWith("../");
}
