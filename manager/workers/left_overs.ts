/**
 * Removes what an earlier agent left when it ended without cleaning up.
 *
 * @module
 */

import { removeLeftLinks } from "../egress/network.ts";
import { destroyDomain, listDomains } from "./libvirt.ts";
import type { AgentPaths } from "../system/paths.ts";

/** Destroys workers that nobody owns any more, and their files. */
export async function removeLeftOvers(paths: AgentPaths): Promise<void> {
  // The runtime directory is empty after boot: then no worker can be left.
  if (await isPopulated(`${paths.runtime}/workers`)) {
    for (const name of await listDomains()) await destroyDomain(name);
    await removeLeftLinks();
  }
  for (const parent of [paths.runtime, paths.state]) {
    const directory = `${parent}/workers`;
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    await Deno.mkdir(directory, { recursive: true, mode: 0o711 });
  }
}

async function isPopulated(directory: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(directory)) return true;
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
