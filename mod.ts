/**
 * Contractor builds software in nested virtual machines. Run as a program this
 * is the `contractor` command; imported, the same parts as a library.
 *
 * @module
 */

import { main } from "./src/cli/main.ts";

export type { BuildEvent, BuildOutcome, Phase } from "./src/pipeline/events.ts";
export { type BuildOptions, runBuild } from "./src/cli/actions.ts";
export { main };
export * from "./src/errors.ts";
export type { BuildSpec } from "./src/spec/build_spec.ts";
export type { Resources } from "./src/spec/limits.ts";
export {
  ConfigError,
  InvalidFileError,
  type Problem,
  SpecError,
} from "./src/spec/problem.ts";
export type { LoadedSpec } from "./src/spec/load.ts";

/** Reads and checks a build spec; see `SpecError` for how mistakes are told. */
export async function loadBuildSpec(path: string) {
  const { loadBuildSpec } = await import("./src/spec/load.ts");
  return await loadBuildSpec(path);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
