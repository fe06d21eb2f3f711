/**
 * What a user has set for all builds.
 *
 * @module
 */

import { HostPatterns } from "../shared/network/host_patterns.ts";
import type { AutorunProgram } from "../guest/trees/autorun_files.ts";
import { type NetworkEntry, toNetworkEntries } from "../spec/network.ts";
import { parseDocument } from "../spec/parse_document.ts";
import { ConfigError, type Problem } from "../spec/problem.ts";
import type { ResourcesData } from "../spec/limits.ts";
import { durationKind, parseQuantity, sizeKind } from "../spec/units.ts";
import { type DeniedHost, findRefused } from "./refused_hosts.ts";
import { type Cap, findExcess, readCaps } from "./resource_caps.ts";
import { type ConfigData, configSchema } from "./schema.ts";

const GIBIBYTE = 1024 ** 3;

/** A user's configuration. */
export interface UserConfig {
  /** Its file; `undefined` if there is none. */
  readonly path: string | undefined;
  readonly network: {
    /** What every build may reach besides what its spec names. */
    readonly prepare: readonly NetworkEntry[];
    readonly build: readonly NetworkEntry[];
    /** What no build may reach. */
    readonly deny: readonly DeniedHost[];
    /** Closed places that builds may reach if their spec names them. */
    readonly opened: readonly string[];
  };
  /** Limits of builds whose spec does not set them, as written. */
  readonly resources: ResourcesData;
  /** What no spec may go beyond. */
  readonly caps: readonly Cap[];
  /** Programs whose files come back although they run them by themselves. */
  readonly keepAutorun: readonly AutorunProgram[];
  /** What specs may name outside of their project; absolute, or from `~`. */
  readonly paths: readonly string[];
  readonly manager: ManagerPreferences;
  readonly keep: Keep;
}

/** What is kept of something: the newest, so much of it, for so long. */
export interface Keeping {
  readonly maxBytes: number;
  readonly maxAgeSeconds: number;
}

/** What of the past is kept. */
export interface Keep {
  /** Logs and reports of builds. */
  readonly builds: Keeping;
  /** Worker images in the manager, and what was prepared over them. */
  readonly images: Keeping;
}

/** What a user wants of the manager VM; absent means the default. */
export interface ManagerPreferences {
  readonly memoryBytes?: number;
  readonly idleSeconds?: number;
  readonly readyWorkers?: number;
}

/** The configuration of a user who has none. */
export const emptyUserConfig: UserConfig = {
  path: undefined,
  network: { prepare: [], build: [], deny: [], opened: [] },
  resources: {},
  caps: [],
  keepAutorun: [],
  paths: [],
  manager: {},
  keep: toKeep({}),
};

/**
 * Parses and checks a configuration.
 *
 * @throws {ConfigError} with every mistake found
 */
export function parseUserConfig(text: string, path: string): UserConfig {
  if (isBlank(text)) return { ...emptyUserConfig, path };
  const fail = (problems: readonly Problem[]) =>
    new ConfigError(path, problems);
  const { data, positionOf, place } = parseDocument(text, {
    schema: configSchema,
    name: "configuration",
    fail,
  });
  const { prepare = [], build = [], deny = [] } = data.network ?? {};
  const opened = data.network?.private ?? [];
  const { max = {}, ...resources } = data.resources ?? {};
  const config: UserConfig = {
    path,
    network: {
      prepare: toNetworkEntries(prepare),
      build: toNetworkEntries(build),
      deny: deny.map((name, index) => ({
        name: name.toLowerCase(),
        ...positionOf(["network", "deny", index]),
      })),
      opened: opened.map((text) => text.toLowerCase()),
    },
    resources,
    caps: readCaps(max, (key) => positionOf(["resources", "max", ...key])),
    keepAutorun: data.workspace?.keep ?? [],
    paths: data.paths ?? [],
    manager: toManagerPreferences(data.manager ?? {}),
    keep: toKeep(data.keep ?? {}),
  };
  const refused = findRefused(config.network, {
    path,
    denied: config.network.deny,
    opened: new HostPatterns(config.network.opened),
    own: [],
    advice: 'List it in "network.private", too',
  });
  const problems = [...refused, ...findExcess(resources, config)];
  if (problems.length > 0) throw fail(problems.map(place));
  return config;
}

/** Applies the defaults to what is written. */
function toKeep(
  { builds, images }: NonNullable<ConfigData["keep"]>,
): Keep {
  const read = (
    written: typeof builds = {},
    general: Keeping,
  ): Keeping => ({
    maxAgeSeconds: written.age
      ? parseQuantity(durationKind, written.age)!
      : general.maxAgeSeconds,
    maxBytes: written.size
      ? parseQuantity(sizeKind, written.size)!
      : general.maxBytes,
  });
  return {
    builds: read(builds, {
      maxAgeSeconds: 90 * 86_400,
      maxBytes: 2 * GIBIBYTE,
    }),
    // Half of the manager's data disk: the rest is for workers.
    images: read(images, {
      maxAgeSeconds: 30 * 86_400,
      maxBytes: 32 * GIBIBYTE,
    }),
  };
}

function toManagerPreferences(
  { memory, idle, "ready-workers": readyWorkers }: NonNullable<
    ConfigData["manager"]
  >,
): ManagerPreferences {
  const memoryBytes = memory && parseQuantity(sizeKind, memory);
  const idleSeconds = idle && parseQuantity(durationKind, idle);
  return {
    ...(memoryBytes && { memoryBytes }),
    ...(idleSeconds && { idleSeconds }),
    ...(readyWorkers !== undefined && { readyWorkers }),
  };
}

function isBlank(text: string): boolean {
  return text.split("\n").every((line) => /^\s*(?:#.*)?$/.test(line));
}
