/**
 * The host's own copy of what a build may reach.
 *
 * @module
 */

import type { EgressRule } from "../network/egress_rule.ts";

/** A connection that a worker asks for; the host is a name in lower case. */
export type Destination = Readonly<EgressRule>;

function key(host: string, { port, protocol }: Destination): string {
  return `${host} ${port} ${protocol}`;
}

/**
 * `127.0.0.1` has labels like a name has, but no domain above it; systems read
 * every host that ends in a number as an address.
 */
export function endsInNumber(host: string): boolean {
  return /(^|\.)(\d+|0x[0-9a-f]*)$/.test(host);
}

/** The rules of a build, indexed so that a look-up costs the same for any number. */
export class Allowlist {
  readonly #rules: ReadonlyMap<string, EgressRule>;

  constructor(rules: readonly EgressRule[]) {
    this.#rules = new Map(rules.map((rule) => [key(rule.host, rule), rule]));
  }

  /** The rule that allows a destination; `*.name` allows what is below `name`. */
  match(destination: Destination): EgressRule | undefined {
    const { host } = destination;
    if (host.startsWith("*.")) return undefined;
    const exact = this.#rules.get(key(host, destination));
    if (exact !== undefined || endsInNumber(host)) return exact;
    let dot = host.indexOf(".");
    while (dot !== -1) {
      const rule = this.#rules.get(key(`*${host.slice(dot)}`, destination));
      if (rule !== undefined) return rule;
      dot = host.indexOf(".", dot + 1);
    }
    return undefined;
  }
}
