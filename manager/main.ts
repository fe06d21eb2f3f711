/**
 * The agent in the manager: serves hosts on a unix socket, and powers the
 * manager off when it has been idle for long.
 *
 * @module
 */

import { Agent } from "./agent.ts";
import { Capacity } from "./builds/capacity.ts";
import { installFilters } from "./system/confinement.ts";
import { createCloneOverlay } from "./images/disk_image.ts";
import { claimDisk, DiskClaims } from "./images/disk_claims.ts";
import { Network } from "./egress/network.ts";
import { ImageCache } from "./images/image_cache.ts";
import { removeLeftOvers } from "./workers/left_overs.ts";
import { QUIET_SECONDS, releaseMemory } from "./system/memory.ts";
import { agentPaths } from "./system/paths.ts";
import { IdleTimer, parseIdleSeconds, powerOff } from "./system/power.ts";
import { RestingWorkers } from "./workers/resting_workers.ts";
import { SavedStates } from "./workers/saved_states.ts";
import {
  readKernelCommandLine,
  readMemoryFacts,
} from "./system/system_facts.ts";
import {
  startResting,
  type WorkerSurroundings,
} from "./workers/worker_body.ts";

const VERSION_FILE = "/etc/contractor/version";

/** Lets the answer to `manager.shutdown` reach the host first. */
const POWER_OFF_DELAY_MILLISECONDS = 500;

async function readVersion(): Promise<string> {
  return Deno.env.get("CONTRACTOR_IMAGE_VERSION") ??
    (await Deno.readTextFile(VERSION_FILE)).trim();
}

async function listen(path: string): Promise<Deno.UnixListener> {
  // The socket of an earlier agent.
  await Deno.remove(path).catch(() => {});
  return Deno.listen({ transport: "unix", path });
}

async function main(): Promise<void> {
  const version = await readVersion();
  const saved: SavedStates = new SavedStates(agentPaths.state, {
    createOverlay: (overlay, base) => createCloneOverlay(overlay, base),
    hold: (base) => cache.hold(base),
  });
  const claims = new DiskClaims();
  const cache: ImageCache = new ImageCache(agentPaths.state, {
    removeOldest: async () =>
      await resting.yield() || await saved.removeOldest(),
    bytes: async () => (await saved.size()).bytes,
  }, claims);
  const surroundings: WorkerSurroundings = {
    paths: agentPaths,
    cache,
    saved,
    network: new Network(),
  };
  // Not for what the boot leaves: the first build often follows at once.
  let quiet: IdleTimer | undefined;
  const holdMemory = () => {
    quiet ??= new IdleTimer(
      QUIET_SECONDS,
      () => releaseMemory().catch((error) => console.error("memory:", error)),
    );
    return quiet.hold();
  };
  const resting = new RestingWorkers(async (plan, signal) => {
    // What it reads to start is to be dropped, too.
    const release = holdMemory();
    try {
      return await startResting(surroundings, plan, signal);
    } finally {
      release();
    }
  });
  await installFilters();
  await removeLeftOvers(agentPaths);
  await saved.open();
  await cache.open();
  const powerOffSoon = () => {
    setTimeout(
      () => powerOff().catch((error) => console.error("power off:", error)),
      POWER_OFF_DELAY_MILLISECONDS,
    );
  };
  const agent = new Agent({
    version,
    ...surroundings,
    resting,
    capacity: new Capacity(
      navigator.hardwareConcurrency,
      (await readMemoryFacts()).total,
      (bytes) => claimDisk(bytes, claims, cache),
    ),
    holdMemory,
    powerOff: powerOffSoon,
  });
  const idle = new IdleTimer(
    parseIdleSeconds(await readKernelCommandLine()),
    powerOffSoon,
  );
  const listener = await listen(`${agentPaths.runtime}/agent.sock`);
  Deno.addSignalListener("SIGTERM", async () => {
    listener.close();
    idle.stop();
    quiet?.stop();
    await agent.close();
    Deno.exit(0);
  });
  console.log(`agent ${version} listens`);
  for await (const connection of listener) {
    const release = idle.hold();
    agent.serve(connection)
      .catch((error) => console.error("connection:", error))
      .finally(release);
  }
}

if (import.meta.main) await main();
