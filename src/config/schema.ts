/**
 * The schema of a user's configuration, with keys as they are written.
 *
 * @module
 */

import { z } from "zod";
import { MAX_READY_WORKERS } from "../rpc/protocol.ts";
import { hostSchema } from "../spec/host.ts";
import { configuredNetworkSchema } from "../spec/network.ts";
import { quantity, resourcesSchema } from "../spec/schema.ts";
import { durationKind, sizeKind } from "../spec/units.ts";

/** Long enough for a block list of one's own, quick to read. */
const MAX_DENIED = 1000;

const READY_WORKERS_RANGE = `a number from 0 to ${MAX_READY_WORKERS}`;

/** Below this it does not even run a small worker. */
const MIN_MANAGER_MEMORY = 1024 ** 3;

/** What is kept of something: for how long, and how much of it. */
function keeping(what: string, age: string, size: string) {
  return z.strictObject({
    age: quantity(
      durationKind,
      { min: 3600, max: 3650 * 86_400 },
      `How long ${what} are kept; ${age} by default`,
    ).optional(),
    size: quantity(
      sizeKind,
      { min: 1024 ** 2, max: 2 ** 40 },
      `How much of ${what} is kept, the newest of it; ${size} by default`,
    ).optional(),
  }, { error: 'a mapping with "age" and "size"' }).optional();
}

/** The schema of a configuration. */
export const configSchema = z.strictObject({
  network: z.strictObject({
    prepare: configuredNetworkSchema.optional(),
    build: configuredNetworkSchema.optional(),
    deny: z.array(hostSchema, { error: "a list of host names" })
      .max(MAX_DENIED, { error: `at most ${MAX_DENIED} hosts` })
      .optional(),
  }, { error: 'a mapping with "prepare", "build" and "deny"' }).optional(),
  resources: resourcesSchema.extend({ max: resourcesSchema.optional() })
    .optional(),
  manager: z.strictObject({
    memory: quantity(
      sizeKind,
      { min: MIN_MANAGER_MEMORY, max: 2 ** 40 },
      "Memory of the manager VM, for itself and all workers; 6 GiB by default",
    ).optional(),
    idle: quantity(
      durationKind,
      { min: 10, max: 7 * 86_400 },
      "How long the manager VM stays up when nothing is built; 15 min by default",
    ).optional(),
    "ready-workers": z.int({ error: READY_WORKERS_RANGE })
      .min(0, { error: READY_WORKERS_RANGE })
      .max(MAX_READY_WORKERS, { error: READY_WORKERS_RANGE })
      .describe(
        "How many kinds of workers the manager keeps booted; 4 by default, 0 for none",
      ).optional(),
  }, { error: 'a mapping with "memory", "idle" and "ready-workers"' })
    .optional(),
  keep: z.strictObject({
    builds: keeping("logs and reports of builds", "90 d", "2 GiB"),
    images: keeping("images in the manager", "30 d", "32 GiB"),
  }, { error: 'a mapping with "builds" and "images"' }).optional(),
}, { error: 'a mapping with "network", "resources", "manager" and "keep"' });

/** A configuration as written, after it passed the schema. */
export type ConfigData = z.infer<typeof configSchema>;
