/**
 * The package repositories that a worker image names: guests say which they
 * are, so they open nothing that only the user can.
 *
 * @module
 */

import { Allowlist } from "../shared/network/allowlist.ts";
import { endsInNumber } from "../shared/network/host.ts";
import { closedHost, describePlace } from "../egress/closed_places.ts";
import {
  denyingPatterns,
  HostPatterns,
} from "../shared/network/host_patterns.ts";
import type { EgressRule } from "../shared/rpc/protocol.ts";

/**
 * Whether a host that an image names can be a package repository. The answer
 * comes from guests: only the user may allow an address, a wildcard or another
 * protocol.
 */
export function isRepository({ host, protocol }: EgressRule): boolean {
  return (protocol === "http" || protocol === "https") &&
    !host.startsWith("*.") && !endsInNumber(host);
}

/**
 * The rules that neither the user denies nor only the user can open, and what
 * the latter are: what an image names opens nothing.
 */
export function reachable(
  named: readonly EgressRule[],
  denied: readonly string[],
  opened: readonly string[],
): { rules: EgressRule[]; closed: string[] } {
  const denying = denyingPatterns(denied);
  const surroundings = { opened: new HostPatterns(opened), own: [] };
  const closed = new Set<string>();
  const rules = named.filter(({ host }) => {
    if (denying.covering(host) !== undefined) return false;
    const kind = closedHost(host, surroundings);
    if (kind !== undefined) closed.add(describePlace(host, kind));
    return kind === undefined;
  });
  return { rules, closed: [...closed] };
}

/** To ask a repository that may not be reached would be held against the build. */
export function mayReachAll(
  destinations: readonly EgressRule[],
  allowed: readonly EgressRule[],
): boolean {
  const allowlist = new Allowlist(allowed);
  return destinations.length > 0 &&
    destinations.every((destination) => allowlist.match(destination));
}
