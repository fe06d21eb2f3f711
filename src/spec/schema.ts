/**
 * The schema of a build spec, with keys as they are written. The message of
 * each check says what was expected; `explain.ts` makes a sentence of it.
 *
 * @module
 */

import { z } from "zod";
import { type Limit, limitRows, type ResourcesData } from "./limits.ts";
import { phaseNetworkSchema } from "./network.ts";
import {
  formatExactQuantity,
  parseQuantity,
  type QuantityKind,
} from "./units.ts";

/** What the agent accepts as a build script (`worker.run`). */
const MAX_SCRIPT_LENGTH = 1_000_000;

/** `PATH_MAX` of Linux. */
const MAX_PATH_LENGTH = 4096;

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

/** A limit's description, with what holds where it is not set. */
function describeLimit(limit: Limit): string {
  const { description, kind, default: general, unset } = limit;
  if (unset !== undefined) return `${description}; by default ${unset}`;
  return general === undefined
    ? `${description}; unlimited by default`
    : `${description}; ${formatExactQuantity(kind!, general)} by default`;
}

function limitSchema(limit: Limit): z.ZodType {
  const { kind, plural, min, max } = limit;
  const description = describeLimit(limit);
  if (kind !== undefined) {
    const bounds = { min, ...(max !== undefined && { max }) };
    return quantity(kind, bounds, description);
  }
  const singular = min === 1 ? plural!.replace(/s$/, "") : plural;
  return z.int({ error: `a whole number of ${plural}` })
    .min(min, { error: `at least ${min} ${singular}` })
    .max(max!, { error: `at most ${max} ${plural}` })
    .meta({ description });
}

/** Limits whose keys have a level more, by their first one. */
const groupDescriptions: Record<string, string> = {
  bandwidth: "Limits on network traffic",
};

type Shape = Record<string, z.ZodType>;

function limitsShape(): Shape {
  const shape: Shape = {};
  const groups: Record<string, Shape> = {};
  for (const [key, limit] of limitRows) {
    const [first, second] = key.split(".") as [string, string?];
    const schema = limitSchema(limit).optional();
    if (second === undefined) shape[first] = schema;
    else (groups[first] ??= {})[second] = schema;
  }
  for (const [name, group] of Object.entries(groups)) {
    const keys = Object.keys(group).map((key) => `"${key}"`).join(" and ");
    shape[name] = z.strictObject(group, { error: `a mapping with ${keys}` })
      .meta({ description: groupDescriptions[name]! }).optional();
  }
  return shape;
}

type ResourcesShape = {
  [K in keyof ResourcesData]-?: z.ZodOptional<
    z.ZodType<NonNullable<ResourcesData[K]>>
  >;
};

/** The schema of limits, in a spec and in a user's configuration. */
export const resourcesSchema = z.strictObject(
  limitsShape() as unknown as ResourcesShape,
  { error: 'a mapping such as "memory: 2 GiB"' },
);

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
