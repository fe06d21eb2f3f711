/**
 * Names that are known to lead nowhere on the public internet, without asking
 * anyone.
 *
 * @module
 */

import type { ClosedKind } from "./address_policy.ts";

/** Each name stands for itself and all names below it. */
const closedNames: readonly [ClosedKind, readonly string[]][] = [
  // The clouds' own documentation; ahead of "internal".
  ["metadata", [
    "metadata.google.internal",
    "metadata.goog",
    "instance-data.ec2.internal",
  ]],
  // RFC 6761, section 6.3, and what systems put into /etc/hosts.
  ["loopback", [
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost4.localdomain4",
    "localhost6",
    "localhost6.localdomain6",
    "ip6-localhost",
    "ip6-loopback",
  ]],
  // RFC 6762, RFC 8375 and ICANN's resolution of 2024-07-29.
  ["private", ["local", "home.arpa", "internal"]],
];

/** Why a name, or what is below a wildcard, is closed; `undefined` if unknown. */
export function kindOfName(host: string): ClosedKind | undefined {
  const name = host.toLowerCase();
  return closedNames.find(([, names]) =>
    names.some((known) => name === known || name.endsWith(`.${known}`))
  )?.[0];
}
