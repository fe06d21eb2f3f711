/**
 * The schema of a build spec, with keys as they are written. The message of
 * each check says what was expected; `explain.ts` makes a sentence of it.
 *
 * @module
 */

import { z } from "zod";
import { MAX_DISK_BYTES } from "../limits/disk_size.ts";
import { phaseNetworkSchema } from "./network.ts";
import {
  durationKind,
  formatExactQuantity,
  parseQuantity,
  type QuantityKind,
  rateKind,
  sizeKind,
} from "./units.ts";

/** What the agent accepts as a build script (`worker.run`). */
const MAX_SCRIPT_LENGTH = 1_000_000;

/** `PATH_MAX` of Linux. */
const MAX_PATH_LENGTH = 4096;

/** What applies where a spec says nothing; base units. */
export const defaults = {
  memoryBytes: 2 * 1024 ** 3,
  diskBytes: 20 * 1024 ** 3,
  wallTimeSeconds: 2 * 3600,
  bootTimeoutSeconds: 600,
  logBytes: 64 * 1024 ** 2,
} as const;

function path(description: string) {
  return z.string({ error: "a path" })
    .min(1, { error: "a path that is not empty" })
    .max(MAX_PATH_LENGTH, {
      error: `a path of at most ${MAX_PATH_LENGTH} characters`,
    })
    // deno-lint-ignore no-control-regex
    .refine((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text), {
      error: "a path without control characters",
    })
    .meta({ description: `${description}; relative to the spec's folder` });
}

/** The schema of a quantity between bounds, in base units. */
export function quantity(
  kind: QuantityKind,
  bounds: { min: number; max?: number },
  description: string,
) {
  const { min, max = Number.MAX_SAFE_INTEGER } = bounds;
  const expected = `${kind.name} such as "${kind.example}"`;
  return z.string({ error: expected }).superRefine((text, context) => {
    const value = parseQuantity(kind, text);
    const message = value === undefined
      ? expected
      : value < min
      ? `${kind.name} of at least ${formatExactQuantity(kind, min)}`
      : value > max
      ? `${kind.name} of at most ${formatExactQuantity(kind, max)}`
      : undefined;
    if (message !== undefined) {
      context.addIssue({ code: "custom", message, params: { kind } });
    }
  }).meta({
    description,
    examples: [kind.example],
    pattern: `^[0-9]+(\\.[0-9]+)? ?(${Object.keys(kind.units).join("|")})$`,
  });
}

const hostsExpectation = { error: 'a host pattern such as "worker"' };
const hostsSchema = z.string(hostsExpectation).min(1, hostsExpectation);

const playSchema = z.looseObject({
  hosts: z.union([
    hostsSchema,
    z.array(hostsSchema, hostsExpectation).min(1, hostsExpectation),
  ], hostsExpectation).meta({
    description: "Which hosts the play is for; the only one is `worker`",
  }),
}, { error: 'a play: a mapping with "hosts"' });

const bandwidthSchema = z.strictObject({
  rate: quantity(
    rateKind,
    { min: 1000 },
    "How fast the worker may send and receive; unlimited by default",
  ).optional(),
  total: quantity(
    sizeKind,
    { min: 1 },
    "How much the worker may send and receive in all; unlimited by default",
  ).optional(),
}, { error: 'a mapping with "rate" and "total"' });

/** More than any build uses; a user's caps are below. */
const MOST = {
  diskBytes: MAX_DISK_BYTES,
  logBytes: 64 * 1024 ** 3,
  wallTimeSeconds: 30 * 86_400,
} as const;

/** The schema of limits, in a spec and in a user's configuration. */
export const resourcesSchema = z.strictObject({
  cpus: z.int({ error: "a whole number of CPUs" })
    .min(1, { error: "at least 1 CPU" })
    .max(64, { error: "at most 64 CPUs" })
    .meta({
      description: "CPUs of the worker; by default those of the manager",
    })
    .optional(),
  memory: quantity(
    sizeKind,
    { min: 64 * 1024 ** 2, max: 2 ** 40 },
    "Memory of the worker; 2 GiB by default",
  ).optional(),
  disk: quantity(
    sizeKind,
    { min: 1024 ** 2, max: MOST.diskBytes },
    "Disk space that the build may use; 20 GiB by default",
  ).optional(),
  "cpu-time": quantity(
    durationKind,
    { min: 1 },
    "CPU time that the build may use; unlimited by default",
  ).optional(),
  "wall-time": quantity(
    durationKind,
    { min: 1, max: MOST.wallTimeSeconds },
    "Time that the build may take; 2 h by default",
  ).optional(),
  "boot-timeout": quantity(
    durationKind,
    { min: 1, max: 3600 },
    "Time in which the worker must have booted; 10 min by default",
  ).optional(),
  log: quantity(
    sizeKind,
    { min: 1024, max: MOST.logBytes },
    "Size that the log may reach; 64 MiB by default",
  ).optional(),
  bandwidth: bandwidthSchema.meta({ description: "Limits on network traffic" })
    .optional(),
}, { error: 'a mapping such as "memory: 2 GiB"' });

const allowlistsSchema = z.strictObject({
  prepare: phaseNetworkSchema.meta({
    description:
      "Hosts that the playbook may reach, or `none` for no network card; by default the package repositories that the worker image is set up for",
  }).optional(),
  build: phaseNetworkSchema.meta({
    description:
      "Hosts that the build commands may reach, or `none` for no network card; no hosts by default",
  }).optional(),
}, { error: 'a mapping with "prepare" and "build"' });

/** The schema of a build spec. */
export const specSchema = z.strictObject({
  "worker-image": path("Disk image that the worker boots from, raw or qcow2"),
  ansible: z.array(playSchema, { error: "a list of Ansible plays" }).meta({
    description:
      "Ansible plays that install the build's dependencies in the worker",
  }).optional(),
  source: path("Source tree to build"),
  workspace: path(
    "Directory that the workspace is kept in from build to build, with the source and what was built in its `src`",
  ),
  build: z.string({ error: "shell commands as text" })
    .refine((text) => text.trim() !== "", { error: "at least one command" })
    .refine((text) => !text.includes("\0"), {
      error: "text without a NUL character",
    })
    .max(MAX_SCRIPT_LENGTH, {
      error: `at most ${MAX_SCRIPT_LENGTH} characters`,
    })
    .meta({
      description: "Shell commands that build, run in the source tree",
    }),
  resources: resourcesSchema.meta({
    description: "What the worker gets, and limits of the build",
  }).optional(),
  network: allowlistsSchema.meta({
    description: "Hosts that may be reached, phase by phase",
  }).optional(),
}, { error: 'a mapping with keys such as "worker-image"' });

/** A spec as written, after it passed the schema. */
export type SpecData = z.infer<typeof specSchema>;

/** Limits as written, after they passed the schema. */
export type ResourcesData = z.infer<typeof resourcesSchema>;
