/**
 * The schema of a user's configuration, with keys as they are written.
 *
 * @module
 */

import { z } from "zod";
import { hostSchema } from "../spec/host.ts";
import { configuredNetworkSchema } from "../spec/network.ts";
import { quantity, resourcesSchema } from "../spec/schema.ts";
import { durationKind, sizeKind } from "../spec/units.ts";

/** Long enough for a block list of one's own, quick to read. */
const MAX_DENIED = 1000;

/** Below this it does not even run a small worker. */
const MIN_MANAGER_MEMORY = 1024 ** 3;

/** The schema of a configuration. */
export const configSchema = z.strictObject({
  network: z.strictObject({
    prepare: configuredNetworkSchema.optional(),
    build: configuredNetworkSchema.optional(),
    deny: z.array(hostSchema, { error: "a list of host names" })
      .max(MAX_DENIED, { error: `at most ${MAX_DENIED} hosts` })
      .optional(),
  }, { error: 'a mapping with "prepare", "build" and "deny"' }).optional(),
  resources: resourcesSchema.optional(),
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
  }, { error: 'a mapping with "memory" and "idle"' }).optional(),
}, { error: 'a mapping with "network", "resources" and "manager"' });

/** A configuration as written, after it passed the schema. */
export type ConfigData = z.infer<typeof configSchema>;
