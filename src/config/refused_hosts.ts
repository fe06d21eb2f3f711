/**
 * Hosts that an allowlist names and may not: what the user denies, and what
 * only the user can open.
 *
 * @module
 */

import {
  canBeOpened,
  type ClosedKind,
  closedKinds,
} from "../egress/address_policy.ts";
import { closedHost, type Surroundings } from "../egress/closed_places.ts";
import { denyingPatterns } from "../shared/network/host_patterns.ts";
import type { DataProblem } from "../spec/explain.ts";
import type { PhaseNetwork } from "../spec/network.ts";
import type { Position } from "../spec/problem.ts";
import { quote } from "../shared/quote.ts";

/** A pattern of hosts, in lower case, and where it is denied. */
export interface DeniedHost extends Position {
  readonly name: string;
}

/** What allowlists are held against. */
export interface HostRules extends Surroundings {
  readonly denied: readonly DeniedHost[];
  /** The file that denies. */
  readonly path: string | undefined;
  /** How whoever wrote the allowlist can open a closed place. */
  readonly advice: string;
}

/** What is wrong with the allowlists of a file. */
export function findRefused(
  network: Partial<Record<"prepare" | "build", PhaseNetwork | undefined>>,
  rules: HostRules,
): DataProblem[] {
  const denying = denyingPatterns(rules.denied.map(({ name }) => name));
  return (["prepare", "build"] as const).flatMap((phase) => {
    const entries = network[phase] ?? "none";
    return entries === "none" ? [] : entries.flatMap(({ host }, index) => {
      const pattern = denying.overlapping(host);
      const problem = pattern === undefined
        ? closedProblem(host, closedHost(host, rules), rules)
        : deniedProblem(host, pattern, rules);
      const path = ["network", phase, index, "host"];
      return problem === undefined ? [] : [{ path, part: "value", ...problem }];
    });
  });
}

type Told = Pick<DataProblem, "message" | "hint">;

function deniedProblem(
  host: string,
  pattern: string,
  { denied, path }: HostRules,
): Told {
  const place = denied.find(({ name }) => name === pattern);
  return {
    message: `Cannot allow ${quote(host)}: your configuration denies ${
      quote(pattern)
    }`,
    hint: `It is denied at ${path}:${place?.line}:${place?.column}`,
  };
}

function closedProblem(
  host: string,
  kind: ClosedKind | undefined,
  { advice }: HostRules,
): Told | undefined {
  if (kind === undefined) return undefined;
  const message = `Cannot allow ${quote(host)}: it is ${closedKinds[kind]}`;
  return canBeOpened(kind) ? { message, hint: advice } : { message };
}
