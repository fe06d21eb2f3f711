/**
 * What files on the host are like, to see whether anything touched them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";

/** Content, mode and links of all that is at the paths and below, by path. */
export async function fingerprint(
  ...paths: string[]
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const path of paths) {
    const { isFile, isDirectory, mode, nlink } = await Deno.lstat(path);
    const content = isFile ? digest(await Deno.readFile(path)) : undefined;
    const names = isDirectory ? await namesIn(path) : [];
    found[path] = { mode, nlink, content, names };
    Object.assign(
      found,
      await fingerprint(...names.map((name) => join(path, name))),
    );
  }
  return found;
}

async function namesIn(directory: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(directory)) names.push(name);
  return names.sort();
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
