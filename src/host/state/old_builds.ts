/**
 * The logs and reports of earlier builds, of which the oldest go.
 *
 * @module
 */

import { join } from "node:path";
import { allocatedBytes } from "../../shared/allocated_bytes.ts";
import type { Keeping } from "../../config/user_config.ts";
import { buildIdSchema } from "../../shared/rpc/protocol.ts";
import { isBuildLiving } from "./staging.ts";
import type { StatePaths } from "./state_directory.ts";

/** A build that has just begun may not be known as living yet. */
const YOUNG_MS = 10 * 60_000;

/** What one build has left. */
interface OldBuild {
  readonly id: string;
  readonly bytes: number;
  /** Of the last change, in milliseconds since the epoch. */
  readonly changed: number;
}

/**
 * Removes what old builds have left, never anything of one that is under way.
 * What cannot be removed stays, and keeps nothing else.
 *
 * @returns the builds of which nothing is left
 */
export async function removeOldBuilds(
  paths: StatePaths,
  keeping: Keeping,
  now = Date.now(),
  remove = removeDirectory,
): Promise<string[]> {
  const removed: string[] = [];
  for (const id of chooseOldBuilds(await listBuilds(paths), keeping, now)) {
    if (await isBuildLiving(paths, id)) continue;
    if (await remove(join(paths.builds, id))) removed.push(id);
  }
  return removed;
}

/** @returns whether it is gone */
async function removeDirectory(path: string): Promise<boolean> {
  try {
    await Deno.remove(path, { recursive: true });
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

/** The builds that are beyond what is kept, the oldest first. */
export function chooseOldBuilds(
  builds: readonly OldBuild[],
  { maxBytes, maxAgeSeconds }: Keeping,
  now: number,
): string[] {
  let bytes = builds.reduce((sum, { bytes }) => sum + bytes, 0);
  const chosen: string[] = [];
  for (const build of [...builds].sort((a, b) => a.changed - b.changed)) {
    const age = now - build.changed;
    const isTooMuch = bytes > maxBytes || age > maxAgeSeconds * 1000;
    if (!isTooMuch || age < YOUNG_MS) break;
    chosen.push(build.id);
    bytes -= build.bytes;
  }
  return chosen;
}

/** Looks at directories with the name of a build; others are not ours. */
async function listBuilds(paths: StatePaths): Promise<OldBuild[]> {
  const builds: OldBuild[] = [];
  for await (const { name, isDirectory } of Deno.readDir(paths.builds)) {
    if (!isDirectory || !buildIdSchema.safeParse(name).success) continue;
    const build = await inspect(paths.builds, name).catch(() => undefined);
    if (build !== undefined) builds.push(build);
  }
  return builds;
}

async function inspect(builds: string, id: string): Promise<OldBuild> {
  const directory = join(builds, id);
  const infos = [await Deno.lstat(directory)];
  for await (const { name } of Deno.readDir(directory)) {
    infos.push(await Deno.lstat(join(directory, name)));
  }
  return {
    id,
    bytes: infos.reduce((sum, info) => sum + allocatedBytes(info), 0),
    changed: Math.max(...infos.map(({ mtime }) => mtime?.getTime() ?? 0)),
  };
}
