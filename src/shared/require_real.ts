import { EnvironmentError } from "./errors.ts";
import { quotePath } from "./quote.ts";

/**
 * Makes sure, when a place is used, that it is where it was when it was
 * checked: that no link has come into its path.
 *
 * @param path real when the build began
 * @throws {EnvironmentError} `path-moved`
 */
export async function requireReal(path: string): Promise<void> {
  if (await Deno.realPath(path) === path) return;
  throw new EnvironmentError(
    "path-moved",
    `Cannot use ${quotePath(path)}: it leads elsewhere since the build began`,
    { hint: "Build again when nothing else changes the project" },
  );
}
