import { EnvironmentError } from "../errors.ts";
import { fileSystemError } from "./file_system_error.ts";
import { quoteUntrusted } from "./terminal_text.ts";

/**
 * Makes sure, when a place is used, that it is where it was when it was
 * checked: that no link has come into its path.
 *
 * @param path real when the build began
 * @throws {EnvironmentError} `path-moved`
 */
export async function requireReal(path: string): Promise<void> {
  let real: string;
  try {
    real = await Deno.realPath(path);
  } catch (error) {
    throw fileSystemError("read", path, error);
  }
  if (real === path) return;
  throw new EnvironmentError(
    "path-moved",
    `Cannot use ${
      quoteUntrusted(path)
    }: it leads elsewhere since the build began`,
    { hint: "Build again when nothing else changes the project" },
  );
}
