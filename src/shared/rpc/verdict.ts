/**
 * What was found against a build, by whoever watches from outside of the
 * worker. These records travel from the manager to the host and into
 * `report.json`.
 *
 * @module
 */

import { z } from "zod";
import { PLAIN, protocolNames } from "../network/protocols.ts";

/** Attempts that a record is kept of; more are only counted. */
export const MAX_ATTEMPT_RECORDS = 100;

/** Why an attempt was refused. */
export const refusalSchema = z.enum([
  /** A question for a name that no rule allows. */
  "name-not-allowed",
  /** More names, or longer ones, than a wildcard stands for. */
  "too-many-names",
  /** A packet to an address or port that no rule allows. */
  "destination-not-allowed",
  /** What nobody may send: a forged sender, a broadcast, a foreign protocol. */
  "packet-not-allowed",
  /** The first bytes are not those of the declared protocol. */
  "wrong-protocol",
  /** TLS without a server name, HTTP without a host. */
  "name-missing",
  /** A server name or host other than the declared one. */
  "name-mismatch",
  /** An encrypted client hello, which may ask for another name. */
  "name-hidden",
  /** An allowed name that leads to the host's own machine or network. */
  "address-refused",
]);
export type Refusal = z.infer<typeof refusalSchema>;

/** What the first bytes look like; never what they claim. */
export const contentKindSchema = z.enum([
  "empty",
  "tls",
  "http",
  "http2",
  "ssh",
  "git",
  "dns",
  "quic",
  "text",
  "binary",
]);
export type ContentKind = z.infer<typeof contentKindSchema>;

/** Printable ASCII without spaces; what else a guest sends is escaped. */
const shownNameSchema = z.string().regex(/^[\x21-\x7e]{1,300}$/);

/** Something that a worker tried and was not allowed to. */
export const attemptSchema = z.strictObject({
  /** When it was first seen, ISO 8601 in UTC. */
  time: z.iso.datetime(),
  protocol: z.enum([
    "dns",
    ...protocolNames,
    PLAIN,
    "udp",
    "icmp",
    "arp",
    "dhcp",
    "other",
  ]),
  refusal: refusalSchema,
  /** The declared name, or the one asked for. */
  host: shownNameSchema.nullable(),
  address: z.union([z.ipv4(), z.ipv6()]).nullable(),
  port: z.int().min(0).max(65_535).nullable(),
  /** What the first bytes looked like, where there were any. */
  content: contentKindSchema.nullable(),
  /** The name that was claimed in them. */
  claimed: shownNameSchema.nullable(),
  /** How often the same was tried. */
  count: z.int().min(1),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** A resource limit, by its key in the build spec. */
export const limitNameSchema = z.enum([
  "cpu-time",
  "wall-time",
  "disk",
  "bandwidth.total",
  "log",
  "workspace.entries",
  "workspace.bytes",
  "workspace.depth",
  "workspace.path",
  "workspace.names",
]);
export type LimitName = z.infer<typeof limitNameSchema>;

/** A limit that was exceeded; sizes in bytes, times in seconds. */
export const limitRecordSchema = z.strictObject({
  limit: limitNameSchema,
  allowed: z.number().min(0),
  /** What was measured when the worker was stopped. */
  measured: z.number().min(0),
});
export type LimitRecord = z.infer<typeof limitRecordSchema>;

/** All that the manager has found against a build. */
export const verdictSchema = z.strictObject({
  attempts: z.strictObject({
    /** Number of attempts, also of those without a record. */
    total: z.int().min(0),
    /** The first ones, each kind once. */
    records: z.array(attemptSchema).max(MAX_ATTEMPT_RECORDS),
  }),
  /** The limit that was exceeded first. */
  limit: limitRecordSchema.nullable(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** Limits of a build that the manager enforces; absent ones are unlimited. */
export const buildLimitsSchema = z.strictObject({
  /** CPU time of all of the build's workers, in seconds. */
  cpuSeconds: z.number().positive().optional(),
  /** Time that the build's workers run, in seconds. */
  wallSeconds: z.number().positive(),
  /** What the workers print, in bytes. */
  logBytes: z.int().min(0),
  /** What goes through the network, both ways, in bytes. */
  networkBytes: z.int().min(0).optional(),
  /** Speed of the network, both ways together. */
  networkBitsPerSecond: z.int().min(1).optional(),
});
export type BuildLimits = z.infer<typeof buildLimitsSchema>;
