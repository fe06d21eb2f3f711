/**
 * What the host and the agent in the manager say to each other: JSON-RPC 2.0
 * methods that the agent serves, and the streams that the agent opens. Both
 * sides parse every message by these schemas.
 *
 * @module
 */

import { z } from "zod";
import {
  type EgressRule,
  egressRuleSchema,
  hostNameSchema,
} from "../network/egress_rule.ts";
import { buildLimitsSchema, verdictSchema } from "./verdict.ts";

/** Raised on every change of a method's meaning or a frame's shape. */
export const PROTOCOL_VERSION = 9;

/**
 * First bytes on a fresh connection, written by the manager. The host discards
 * everything before it: an earlier connection's frames may still be on the way.
 */
export const GREETING = "\ncontractor-manager/1\n";

/** Number of RPC ports of the manager, so of commands at the same time. */
export const RPC_PORT_COUNT = 8;

/** Name of an RPC port's virtio-serial device inside the manager. */
export function rpcPortName(port: number): string {
  return `org.contractor.rpc.${port}`;
}

/** Lower-case SHA-256, 64 hexadecimal digits. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** What the manager's kernel checks a file by (fs-verity with SHA-512). */
export const sealSchema = z.string().regex(/^[0-9a-f]{128}$/);

/** Serial number of a disk that the host attached to the manager. */
export const diskSerialSchema = z.string().regex(/^[a-z0-9-]{1,32}$/);

/** Identifier of a build, chosen by the host. */
export const buildIdSchema = z.string().regex(/^[a-z0-9-]{1,40}$/);

/** Identifier of a worker, chosen by the agent. */
export const workerIdSchema = z.string().regex(/^[a-z0-9-]{1,40}$/);

export type { EgressRule };

const bytes = z.int().min(0);
const seconds = z.number().min(0);

/** Where on its disk a worker's archive begins: a whole number of these. */
export const EXPORT_GRANULE = 1024 ** 2;

/** What a worker's root disk starts from. */
export const workerBaseSchema = z.union([
  z.strictObject({ image: digestSchema }),
  z.strictObject({ image: digestSchema, prepared: digestSchema }),
]);

/** Most kinds of workers that the manager keeps booted. */
export const MAX_READY_WORKERS = 64;

const rulesSchema = z.array(egressRuleSchema).max(2000);

/** How a worker's network card starts. */
export const workerNetworkSchema = z.strictObject({
  /**
   * What may be reached from the start; any other attempt is held against the
   * build. Null until `worker.allow`: nothing may be reached, and nothing is
   * held against a pristine image that tries.
   */
  rules: rulesSchema.nullable(),
  /** Also reach public hosts that no rule allows, and record them. */
  learn: z.boolean(),
});

/** What each worker of a build is to get. */
export const workerDemandSchema = z.strictObject({
  /** As many as the manager has, if absent. */
  cpus: z.int().min(1).max(64).optional(),
  /** Of these at most so many; says nothing beside `cpus`. */
  maxCpus: z.int().min(1).max(64).optional(),
  memoryBytes: z.int().min(64 * 1024 ** 2),
  /** Most that it may write to its root disk. */
  diskBytes: bytes,
});
export type WorkerDemand = z.infer<typeof workerDemandSchema>;

/** What a worker has used so far, measured outside of it. */
export const usageSchema = z.strictObject({
  cpuSeconds: seconds,
  peakMemoryBytes: bytes,
  diskBytes: bytes,
  /** Kills for want of memory, as far as the worker's console tells. */
  memoryKills: z.int().min(0),
});
export type Usage = z.infer<typeof usageSchema>;

const methodTable = {
  /** First call on a connection; the same in every version of the protocol. */
  "manager.hello": {
    params: z.strictObject({ protocol: z.int() }),
    result: z.strictObject({
      protocol: z.int(),
      /** Version of the manager image that runs. */
      version: z.string().max(100),
      /** Builds under way, of all connections. */
      builds: z.int().min(0),
    }),
  },
  "manager.status": {
    params: z.strictObject({}),
    result: z.strictObject({
      version: z.string().max(100),
      uptimeSeconds: seconds,
      agentMemoryBytes: bytes,
      /** Workers that are started and wait for a build. */
      resting: z.int().min(0),
      memoryTotalBytes: bytes,
      memoryAvailableBytes: bytes,
      diskTotalBytes: bytes,
      diskUsedBytes: bytes,
      builds: z.array(z.strictObject({
        id: buildIdSchema,
        name: z.string().max(200),
        phase: z.string().max(40),
        elapsedSeconds: seconds,
      })).max(64),
      caches: z.strictObject({
        images: z.strictObject({ count: z.int().min(0), bytes }),
        prepared: z.strictObject({ count: z.int().min(0), bytes }),
        /** Workers that have booted, for clones. */
        saved: z.strictObject({ count: z.int().min(0), bytes }),
      }),
    }),
  },
  /** The tail of the manager's journal. */
  "manager.logs": {
    params: z.strictObject({ lines: z.int().min(1).max(10_000) }),
    result: z.strictObject({ text: z.string().max(4_000_000) }),
  },
  /** Powers the manager off; refused with `busy` while builds run. */
  "manager.shutdown": {
    params: z.strictObject({ force: z.boolean() }),
    result: z.strictObject({}),
  },
  /**
   * Announces a build, and reserves what its workers get; it ends with
   * `build.close` or with the connection.
   */
  "build.open": {
    params: z.strictObject({
      build: buildIdSchema,
      name: z.string().max(200),
      limits: buildLimitsSchema,
      worker: workerDemandSchema,
      /** Kinds of workers that the manager keeps booted; with 0 each boots. */
      readyWorkers: z.int().min(0).max(MAX_READY_WORKERS),
      /** What of the image cache is kept, the latest used first. */
      cache: z.strictObject({ maxBytes: bytes, maxAgeSeconds: seconds }),
    }),
    result: z.strictObject({}),
  },
  /** What was found against the build so far; it stays until `build.close`. */
  "build.verdict": {
    params: z.strictObject({ build: buildIdSchema }),
    result: verdictSchema,
  },
  /** Tells which phase the build is in, for `manager.status`. */
  "build.phase": {
    params: z.strictObject({ build: buildIdSchema, phase: z.string().max(40) }),
    result: z.strictObject({}),
  },
  "build.close": {
    params: z.strictObject({ build: buildIdSchema }),
    result: z.strictObject({}),
  },
  "image.find": {
    params: z.strictObject({
      image: digestSchema,
      prepared: digestSchema.optional(),
      /** What the host knows of them; without it they serve no later manager. */
      seals: z.strictObject({
        image: sealSchema.nullable(),
        prepared: sealSchema.nullable(),
      }),
    }),
    result: z.strictObject({ image: z.boolean(), prepared: z.boolean() }),
  },
  /** Copies an attached disk, for `image.keep`. */
  "image.import": {
    params: z.strictObject({
      image: digestSchema,
      format: z.enum(["raw", "qcow2"]),
      disk: diskSerialSchema,
      /** What the image takes on the host's disk. */
      allocatedBytes: bytes,
      /** Most that the copy may take. */
      maxBytes: bytes,
    }),
    result: z.strictObject({ bytes }),
  },
  /** Puts what this connection copied into the image cache. */
  "image.keep": {
    params: z.strictObject({ image: digestSchema }),
    result: z.strictObject({ seal: sealSchema.nullable() }),
  },
  /** Starts a worker and waits until its runner is ready. */
  "worker.boot": {
    params: z.strictObject({
      build: buildIdSchema,
      base: workerBaseSchema,
      diskBytes: z.int().min(1024 ** 2),
      bootTimeoutSeconds: z.int().min(1).max(3600),
      /** Its network card, linked to the gateway alone; null for none. */
      network: workerNetworkSchema.nullable(),
      /** Whether it is to boot, and can be sealed; no ready one serves then. */
      sealable: z.boolean(),
      /** The host's time, since the epoch. */
      seconds,
    }),
    result: z.strictObject({
      worker: workerIdSchema,
      /** `ready`: it had booted before; `booted`: it booted now. */
      origin: z.enum(["ready", "booted"]),
    }),
  },
  /** Plugs the disk with the trees into the worker. */
  "worker.plug": {
    params: z.strictObject({
      worker: workerIdSchema,
      /** Of the disk in the manager. */
      serial: diskSerialSchema,
    }),
    result: z.strictObject({}),
  },
  /** Asks the pristine worker which package repositories it is set up for. */
  "worker.repositories": {
    params: z.strictObject({ worker: workerIdSchema }),
    result: z.strictObject({ rules: z.array(egressRuleSchema).max(64) }),
  },
  /** Replaces the worker's allowlist. */
  "worker.allow": {
    params: z.strictObject({ worker: workerIdSchema, rules: rulesSchema }),
    result: z.strictObject({}),
  },
  /** Runs a step in the worker; output arrives on a `log` stream. */
  "worker.run": {
    params: z.strictObject({
      worker: workerIdSchema,
      step: z.discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("prepare"),
          /** The plays, as JSON. */
          playbook: z.string().max(4_000_000),
          /** First asks the package repositories, all of which it may reach. */
          refreshPackageLists: z.boolean(),
        }),
        z.strictObject({
          kind: z.literal("source-in"),
          /** Size of the archive at the disk's begin. */
          bytes: bytes.multipleOf(EXPORT_GRANULE),
        }),
        z.strictObject({
          kind: z.literal("build"),
          script: z.string().max(1_000_000),
        }),
        z.strictObject({
          kind: z.literal("workspace-out"),
          /** Where on the disk the archive is to begin. */
          offset: bytes.multipleOf(EXPORT_GRANULE),
        }),
      ]),
    }),
    result: z.strictObject({ exitCode: z.int().min(0).max(255) }),
  },
  /** Shuts the worker down cleanly; its disk stays for `worker.seal`. */
  "worker.poweroff": {
    params: z.strictObject({ worker: workerIdSchema }),
    result: z.strictObject({}),
  },
  /** Keeps the disk of a worker that was shut down as a prepared image. */
  "worker.seal": {
    params: z.strictObject({ worker: workerIdSchema, prepared: digestSchema }),
    result: z.strictObject({ usage: usageSchema, seal: sealSchema.nullable() }),
  },
  /** Destroys the worker and its disks. */
  "worker.destroy": {
    params: z.strictObject({ worker: workerIdSchema }),
    result: z.strictObject({ usage: usageSchema }),
  },
} as const;

/** The methods that the agent serves. */
export const methods = methodTable;
export type MethodName = keyof typeof methods;
export type MethodParams<M extends MethodName> = z.infer<
  (typeof methods)[M]["params"]
>;
export type MethodResult<M extends MethodName> = z.infer<
  (typeof methods)[M]["result"]
>;

/** What the agent says when it opens a stream to the host. */
export const streamPurposeSchema = z.discriminatedUnion("kind", [
  /** Output of `worker.run`, agent to host. */
  z.strictObject({ kind: z.literal("log"), worker: workerIdSchema }),
  /** A connection of a worker, both ways; the host dials it by name. */
  z.strictObject({
    kind: z.literal("egress"),
    worker: workerIdSchema,
    rule: egressRuleSchema,
    /** The name that the worker asked for; below `rule.host` if a wildcard. */
    host: hostNameSchema,
  }),
]);
export type StreamPurpose = z.infer<typeof streamPurposeSchema>;

/** JSON-RPC error codes of our own, and what they mean to the host. */
export const RpcErrorCode = {
  /** The request was cancelled by the host. */
  cancelled: -32800,
  /** The agent refused or failed; `data.code` says which. */
  failed: -32000,
} as const;

/** `error.data` of a failed request. */
export const rpcFailureSchema = z.strictObject({
  code: z.enum([
    "busy",
    "unknown-build",
    "unknown-image",
    "unknown-worker",
    "bad-image",
    "image-too-large",
    "boot-failed",
    "worker-died",
    "runner-protocol",
    "no-capacity",
    "disk-missing",
    "disk-full",
    "seal-failed",
    /** Something was found against the build: see `build.verdict`. */
    "violation",
    "internal",
  ]),
  /** More lines, such as the console's last ones; untrusted text. */
  detail: z.string().max(64_000).optional(),
});
export type RpcFailure = z.infer<typeof rpcFailureSchema>;
