/**
 * The schema of a user's configuration, with keys as they are written.
 *
 * @module
 */

import { z } from "zod";
import { AUTORUN_PROGRAMS } from "../guest/trees/autorun_files.ts";
import { canBeOpened, kindOfAddress } from "../egress/address_policy.ts";
import { isHostPattern } from "../shared/network/host_patterns.ts";
import { isAddressLiteral } from "../shared/network/ip_address.ts";
import { MAX_READY_WORKERS } from "../shared/rpc/protocol.ts";
import { configuredNetworkSchema } from "../spec/network.ts";
import { quantity, resourcesSchema } from "../spec/schema.ts";
import { durationKind, sizeKind } from "../spec/units.ts";

/** Long enough for a block list of one's own, quick to read. */
const MAX_DENIED = 1000;

/** More than anyone keeps images and sources in. */
const MAX_PATHS = 100;

const pathsExpectation = {
  error: 'an absolute path, or one that begins with "~/"',
};

/** What a user works with; each is compared with each address that is dialed. */
const MAX_OPENED = 100;

const patternExpectation =
  'a host name, an address or a range such as "10.0.0.0/8"';

/** What is expected instead of a text that opens nothing; `undefined` if it does. */
export function whyNotOpened(text: string): string | undefined {
  if (!isHostPattern(text)) return patternExpectation;
  const kind = isAddressLiteral(text) ? kindOfAddress(text) : undefined;
  return kind === undefined || canBeOpened(kind)
    ? undefined
    : "an address that a single host can have";
}

const patternSchema = z.string({ error: patternExpectation });

const deniedSchema = patternSchema.refine(isHostPattern, {
  error: patternExpectation,
});

const openedSchema = patternSchema.superRefine((text, context) => {
  const message = whyNotOpened(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

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
    deny: z.array(deniedSchema, { error: "a list of hosts" })
      .max(MAX_DENIED, { error: `at most ${MAX_DENIED} hosts` })
      .optional(),
    private: z.array(openedSchema, { error: "a list of hosts" })
      .max(MAX_OPENED, { error: `at most ${MAX_OPENED} hosts` })
      .optional(),
  }, { error: 'a mapping with "prepare", "build", "deny" and "private"' })
    .optional(),
  resources: resourcesSchema.extend({ max: resourcesSchema.optional() })
    .optional(),
  workspace: z.strictObject({
    keep: z.array(
      z.enum(AUTORUN_PROGRAMS, {
        error: `one of ${AUTORUN_PROGRAMS.join(", ")}`,
      }),
      { error: "a list of programs" },
    ).describe(
      "Programs whose files come back from a worker although they run them by themselves",
    ).optional(),
  }, { error: 'a mapping with "keep"' }).optional(),
  paths: z.array(
    z.string(pathsExpectation).max(4096, pathsExpectation)
      .regex(/^(?:\/|~(?:\/|$))\P{Cc}*$/u, pathsExpectation),
    { error: "a list of paths" },
  ).max(MAX_PATHS, { error: `at most ${MAX_PATHS} paths` })
    .describe("Folders and files outside of a project that specs may name")
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
}, {
  error:
    'a mapping with "network", "resources", "workspace", "paths", "manager" and "keep"',
});

/** A configuration as written, after it passed the schema. */
export type ConfigData = z.infer<typeof configSchema>;
