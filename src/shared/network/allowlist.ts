/**
 * What a build may reach. The manager and the host decide by this, each on its
 * own: over its own rules, and what it sees itself.
 *
 * @module
 */

import type { Destination, EgressRule } from "./egress_rule.ts";
import { isWildcard } from "./host.ts";
import { NamePatterns } from "./name_patterns.ts";

/** Rules by the names that they allow. */
export class Allowlist {
  readonly #rules: NamePatterns<EgressRule>;
  /** Names and addresses that are declared in full. */
  readonly names: readonly string[];

  constructor(rules: readonly EgressRule[] = []) {
    this.#rules = new NamePatterns(rules.map((rule) => [rule.host, rule]));
    const hosts = new Set(rules.map(({ host }) => host));
    this.names = [...hosts].filter((host) => !isWildcard(host));
  }

  /** The rules for a lower-case name, one for each port; exact ones first. */
  rulesFor(name: string): EgressRule[] {
    const byPort = new Map<number, EgressRule>();
    for (const rule of this.#covering(name)) {
      if (!byPort.has(rule.port)) byPort.set(rule.port, rule);
    }
    return [...byPort.values()];
  }

  /** The rule that allows a destination. */
  match({ host, port, protocol }: Destination): EgressRule | undefined {
    return this.#covering(host)
      .find((rule) => rule.port === port && rule.protocol === protocol);
  }

  /**
   * What follows the asterisk of the wildcard that a name is allowed by, such as
   * `.example.org`; undefined if it is declared in full, or not at all.
   */
  wildcardFor(name: string): string | undefined {
    const nearest = this.#covering(name)[0]?.host;
    return nearest !== undefined && isWildcard(nearest)
      ? nearest.slice(1)
      : undefined;
  }

  /** Nobody connects to a wildcard. */
  #covering(name: string): EgressRule[] {
    return isWildcard(name) ? [] : this.#rules.covering(name);
  }
}
