import { join } from "node:path";
import { digestSchema, sealSchema } from "../../shared/rpc/protocol.ts";
import { systemErrorCode } from "../state/file_errors.ts";
import { replaceFile } from "../state/replace_file.ts";

/** Seals to remember; the oldest are forgotten first. */
const MOST_SEALS = 1024;

/**
 * Reads the seal of a file in the manager's cache: what the manager said when
 * it put the file there. A later manager uses the file only if it has that seal.
 *
 * @param name digest of a worker image, or key of a prepared disk
 * @returns null if none is known
 */
export async function readSeal(
  directory: string,
  name: string,
): Promise<string | null> {
  try {
    const text = await Deno.readTextFile(fileOf(directory, name));
    return sealSchema.safeParse(text.trim()).data ?? null;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Remembers a seal. */
export async function noteSeal(
  directory: string,
  name: string,
  seal: string,
): Promise<void> {
  await replaceFile(fileOf(directory, name), `${sealSchema.parse(seal)}\n`);
  await forgetOldest(directory);
}

async function forgetOldest(directory: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(directory), (it) => it.name);
  if (names.length <= MOST_SEALS) return;
  const dated = await Promise.all(names.map(async (name) => {
    const path = join(directory, name);
    // Another build may have forgotten it meanwhile.
    const info = await Deno.lstat(path).catch(() => undefined);
    return { path, time: info?.mtime?.getTime() ?? 0 };
  }));
  dated.sort((a, b) => a.time - b.time);
  for (const { path } of dated.slice(0, -MOST_SEALS)) {
    await Deno.remove(path).catch(() => {});
  }
}

function fileOf(directory: string, name: string): string {
  return join(directory, digestSchema.parse(name));
}
