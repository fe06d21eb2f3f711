/**
 * What was found against a build, as people and programs are told.
 *
 * @module
 */

import type { LimitCode } from "../shared/error_codes.ts";
import {
  type ContractorError,
  LimitExceededError,
  NetworkViolationError,
} from "../shared/errors.ts";
import type {
  Attempt,
  LimitName,
  LimitRecord,
  Verdict,
} from "../shared/rpc/verdict.ts";
import { describePlace, kindOfHost } from "../egress/closed_places.ts";
import { isHost } from "../shared/network/host.ts";
import { isProtocolName, protocolAt } from "../shared/network/protocols.ts";
import type { NetworkEntry, NetworkProtocol } from "../spec/network.ts";
import { type EndingLimitKey, type LimitKey, LIMITS } from "../spec/limits.ts";
import {
  durationKind,
  formatDuration,
  formatSize,
  type QuantityKind,
  sizeKind,
} from "../spec/units.ts";
import type { Phase } from "./events.ts";
import { formatNetwork } from "./learned_network.ts";

/** The violations of a build, in its report; sizes in bytes, times in seconds. */
export interface Violations {
  network: {
    /** All attempts, also those without a record. */
    total: number;
    /** The first ones, each kind once, and what would allow them. */
    records: AttemptRecord[];
  };
  limits: ExceededLimit[];
}

/** An attempt, with the entry of the build spec that would allow it. */
export interface AttemptRecord extends Attempt {
  /** What the build was doing. */
  phase: Phase;
  /** An entry for `network.prepare` or `network.build`; null if none can. */
  allowedBy: NetworkEntry | null;
}

/** A limit that was exceeded, and by how much until the worker had ended. */
export interface ExceededLimit extends LimitRecord {
  overshoot: number;
  phase: Phase;
}

/** Attempts that are shown with the error. */
const MAX_SHOWN = 10;

/** Puts the verdicts of the manager and of the host together. */
export function toViolations(
  verdicts: readonly Verdict[],
  phase: Phase,
): Violations {
  return {
    network: {
      total: verdicts.reduce((sum, { attempts }) => sum + attempts.total, 0),
      records: verdicts.flatMap(({ attempts }) => attempts.records)
        .map((attempt) => ({
          ...attempt,
          phase,
          allowedBy: entryFor(attempt) ?? null,
        })),
    },
    limits: verdicts.flatMap(({ limit }) => limit ?? [])
      .slice(0, 1)
      .map((record) => toExceededLimit(record, phase)),
  };
}

/** A limit's record with its overshoot. */
export function toExceededLimit(
  record: LimitRecord,
  phase: Phase,
): ExceededLimit {
  const overshoot = Math.max(0, record.measured - record.allowed);
  return { ...record, overshoot, phase };
}

/**
 * The entry of a spec's network section that would allow an attempt. What only
 * the user can open has none: no advice leads there.
 */
export function entryFor(attempt: Attempt): NetworkEntry | undefined {
  const { refusal, host, address, port, protocol, claimed } = attempt;
  const named = (name: string | null, spoken: NetworkProtocol | undefined) =>
    name === null || spoken === undefined || name.includes("*") ||
      !isHost(name) || kindOfHost(name) !== undefined
      ? undefined
      : { host: name, protocols: [spoken] };
  switch (refusal) {
    case "name-not-allowed":
      return host?.includes(".") ? named(host, "https") : undefined;
    case "name-mismatch":
      return named(claimed, protocolOf(attempt));
    case "destination-not-allowed":
      return protocol === "udp" || protocol === "dns"
        ? undefined
        : named(host ?? ipv4(address), protocolOf(attempt));
    case "wrong-protocol":
      return isProtocolName(protocol) && port
        ? named(host, `tcp:${port}`)
        : undefined;
    default:
      return undefined;
  }
}

function ipv4(address: string | null): string | null {
  return address?.includes(":") ? null : address;
}

function protocolOf(
  { port, protocol }: Pick<Attempt, "port" | "protocol">,
): NetworkProtocol | undefined {
  if (isProtocolName(protocol)) return protocol;
  return port === null || port === 0
    ? undefined
    : protocolAt(port) ?? `tcp:${port}`;
}

/** The error that violations end a build with; undefined if there are none. */
export function violationError(
  violations: Violations,
): ContractorError | undefined {
  const { network, limits } = violations;
  if (network.total > 0) return networkError(network);
  const [limit] = limits;
  return limit && limitError(limit);
}

function networkError({ total, records }: Violations["network"]) {
  const shown = records.slice(0, MAX_SHOWN);
  const more = records.length - shown.length;
  const lines = [
    ...shown.map(describeAttempt),
    ...(more > 0 ? [`and ${more} more kinds: see the report`] : []),
    ...suggestion(shown),
  ];
  const times = total === 1 ? "once" : `${total} times`;
  return new NetworkViolationError(
    `The build tried ${times} to reach what it may not`,
    {
      detail: lines.join("\n"),
      hint: hintFor(records),
    },
  );
}

function hintFor(records: readonly AttemptRecord[]): string {
  if (records.some(({ allowedBy }) => allowedBy)) {
    return "Allow only what you trust; `contractor build --learn` lists all that a build wants";
  }
  return records.some(({ refusal }) => refusal === "address-refused")
    ? "Find out what does that, and why; a private place is reached only if you open it (--allow-private) and the spec names it"
    : "Find out what does that, and why";
}

function suggestion(records: readonly AttemptRecord[]): string[] {
  const entriesOf = (isPrepare: boolean) =>
    records.filter(({ phase }) => (phase === "prepare") === isPrepare)
      .flatMap(({ allowedBy }) => allowedBy ?? []);
  const prepare = entriesOf(true);
  const build = entriesOf(false);
  if (prepare.length + build.length === 0) return [];
  return [
    "",
    "This would allow it, in the build spec:",
    ...formatNetwork({ prepare, build }).trimEnd().split("\n"),
  ];
}

const reasons: Record<Attempt["refusal"], string> = {
  "name-not-allowed": "no rule allows the name",
  "too-many-names": "more names, or longer ones, than a wildcard stands for",
  "destination-not-allowed": "no rule allows the destination",
  "packet-not-allowed": "such packets are never allowed",
  "wrong-protocol": "not the declared protocol",
  "name-missing": "does not say which host is meant",
  "name-mismatch": "asks for another host",
  "name-hidden": "hides which host is meant (encrypted client hello)",
  "address-refused": "the host is private, this machine's own or denied by you",
};

/** One line on an attempt, such as `evil.example, dns: …`. */
export function describeAttempt(attempt: Attempt): string {
  const { host, address, port, protocol } = attempt;
  const target = [
    host,
    host !== null && address !== null ? `(${address})` : address,
  ].filter((part) => part !== null).join(" ");
  const place = port === null || protocol === "dns" && host !== null
    ? target
    : `${target} port ${port}`;
  const extras = [
    ...(attempt.claimed === null ? [] : [`asked for ${attempt.claimed}`]),
    ...(attempt.content === null || attempt.content === "dns"
      ? []
      : [`first bytes: ${attempt.content}`]),
    ...(attempt.count > 1 ? [`${attempt.count} times`] : []),
  ];
  const suffix = extras.length > 0 ? ` (${extras.join(", ")})` : "";
  return `${place === "" ? "" : `${place.trim()}, `}${protocol}: ${
    reasonFor(attempt)
  }${suffix}`;
}

/** Why it was refused, and what is there if only the user can open it. */
function reasonFor({ refusal, host, address, claimed }: Attempt): string {
  const places = refusal === "address-refused"
    ? [address, host]
    : [host ?? address, claimed];
  const [closed] = places.filter((place) => place !== null).flatMap((place) => {
    const kind = kindOfHost(place);
    return kind === undefined ? [] : describePlace(place, kind);
  });
  if (closed === undefined) return reasons[refusal];
  return refusal === "address-refused"
    ? closed
    : `${reasons[refusal]}; ${closed}`;
}

/** What a build had too much of, in what unit, and the key that allows more. */
interface LimitText {
  what: string;
  unit: QuantityKind | undefined;
  key?: string;
}

/** Of what comes back, which no key sets. */
const treeTexts: Record<Exclude<LimitName, LimitKey>, LimitText> = {
  "workspace.bytes": {
    what: "size of the workspace",
    unit: sizeKind,
    key: "disk",
  },
  "workspace.entries": {
    what: "number of files in the workspace",
    unit: undefined,
  },
  "workspace.depth": { what: "depth of the workspace", unit: undefined },
  "workspace.path": {
    what: "length of a path in the workspace",
    unit: undefined,
  },
  "workspace.names": {
    what: "length of all paths in the workspace",
    unit: undefined,
  },
};

function limitText(
  limit: Exclude<LimitName, LimitKey> | EndingLimitKey,
): LimitText {
  if (!(limit in LIMITS)) return treeTexts[limit as keyof typeof treeTexts];
  const key = limit as EndingLimitKey;
  const { exceeded, kind } = LIMITS[key];
  return { what: exceeded, unit: kind, key };
}

const formats = new Map<QuantityKind | undefined, (amount: number) => string>([
  [durationKind, formatDuration],
  [sizeKind, formatSize],
]);

/** The code of the error of a build that exceeded a limit. */
export function limitCode(limit: LimitName): LimitCode {
  return `${limit.replace(".", "-")}-limit` as LimitCode;
}

function limitError({ limit, allowed, measured }: ExceededLimit) {
  const { what, unit, key } = limitText(limit);
  const format = formats.get(unit) ?? String;
  return new LimitExceededError(
    limitCode(limit),
    `The build exceeded its limit on ${what}: ${format(measured)} of ${
      format(allowed)
    }`,
    key === undefined
      ? { hint: "Let the build remove what it does not need to keep" }
      : { hint: `Let the build do with less, or raise "resources.${key}"` },
  );
}
