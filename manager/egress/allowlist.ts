/**
 * Which names and ports a worker may reach.
 *
 * @module
 */

import type { EgressRule } from "../../src/network/egress_rule.ts";

/** The rules of one worker, indexed: a look-up costs the same for any number. */
export class Allowlist {
  readonly #exact = new Map<string, EgressRule[]>();
  /** By what follows the asterisk, such as `.example.org`. */
  readonly #wildcards = new Map<string, EgressRule[]>();

  constructor(rules: readonly EgressRule[] = []) {
    for (const rule of rules) {
      if (rule.host.startsWith("*.")) {
        append(this.#wildcards, rule.host.slice(1), rule);
      } else append(this.#exact, rule.host, rule);
    }
  }

  /** Names and addresses that are declared in full. */
  get names(): string[] {
    return [...this.#exact.keys()];
  }

  /** The rules for a lower-case name, one for each port; exact ones first. */
  rulesFor(name: string): EgressRule[] {
    const byPort = new Map<number, EgressRule>();
    const wildcard = suffixesOf(name)
      .flatMap((suffix) => this.#wildcards.get(suffix) ?? []);
    for (const rule of [...this.#exact.get(name) ?? [], ...wildcard]) {
      if (!byPort.has(rule.port)) byPort.set(rule.port, rule);
    }
    return [...byPort.values()];
  }

  /**
   * The wildcard that a name is allowed by; undefined if it is declared in
   * full, or not at all.
   */
  wildcardFor(name: string): string | undefined {
    if (this.#exact.has(name)) return undefined;
    return suffixesOf(name).find((suffix) => this.#wildcards.has(suffix));
  }
}

/** `.b.c` and `.c` of `a.b.c`. */
function suffixesOf(name: string): string[] {
  const suffixes: string[] = [];
  let dot = name.indexOf(".", 1);
  while (dot !== -1) {
    suffixes.push(name.slice(dot));
    dot = name.indexOf(".", dot + 1);
  }
  return suffixes;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
