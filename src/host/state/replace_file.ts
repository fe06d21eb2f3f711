import { dirname, join } from "node:path";
import { stateFileError } from "./file_errors.ts";
import { randomName } from "./random_name.ts";

/**
 * Replaces a file of the state directory in one step: a reader sees either the
 * old content or the new one, whatever happens in between.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  const aside = join(dirname(path), `.new.${randomName()}`);
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  try {
    await Deno.writeFile(aside, bytes, { createNew: true, mode: 0o600 });
    await Deno.rename(aside, path);
  } catch (error) {
    await Deno.remove(aside).catch(() => {});
    throw stateFileError(error, "write the file", path);
  }
}
