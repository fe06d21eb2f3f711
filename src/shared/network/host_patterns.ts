/**
 * Hosts as a user lists them in a configuration or on the command line: names,
 * `*.names`, addresses and ranges of them.
 *
 * @module
 */

import { isHost, isWildcard } from "./host.ts";
import {
  type Address,
  embeddedIpv4,
  isAddressLiteral,
  isWithin,
  parseAddress,
  parseRange,
  type Range,
} from "./ip_address.ts";
import { NamePatterns } from "./name_patterns.ts";

/** Whether a text is a name, a `*.name`, an address or a range. */
export function isHostPattern(text: string): boolean {
  return parseRange(text) !== undefined || isHost(text);
}

/** What patterns of hosts stand for. */
export class HostPatterns {
  readonly #names: readonly string[];
  readonly #named: NamePatterns<string>;
  readonly #ranges: readonly (readonly [string, Range])[];

  /**
   * @param patterns as `isHostPattern` has them, in lower case
   * @param aliases ranges that names among the patterns stand for as well
   */
  constructor(
    patterns: readonly string[] = [],
    aliases: Readonly<Record<string, readonly string[]>> = {},
  ) {
    this.#names = patterns.filter((text) => parseRange(text) === undefined);
    this.#named = new NamePatterns(this.#names.map((name) => [name, name]));
    this.#ranges = patterns.flatMap((text) =>
      [text, ...aliases[text] ?? []].flatMap((one) => {
        const range = parseRange(one);
        return range === undefined ? [] : [[text, range] as const];
      })
    );
  }

  /** Whether addresses are among the patterns. */
  get hasRanges(): boolean {
    return this.#ranges.length > 0;
  }

  /** The pattern that a host, a name or an address, is covered by. */
  covering(host: string): string | undefined {
    return isAddressLiteral(host)
      ? this.coveringAddress(host)
      : this.coveringName(host);
  }

  /** The name or wildcard that covers a name, or all that a wildcard covers. */
  coveringName(host: string): string | undefined {
    return this.#named.covering(host.toLowerCase())[0];
  }

  /** The address or range that has an address, or an IPv4 one inside of it. */
  coveringAddress(text: string): string | undefined {
    const address = parseAddress(text);
    if (address === undefined) return undefined;
    return this.#find(address) ??
      embeddedIpv4(address).map((ipv4) => this.#find(ipv4))
        .find((pattern) => pattern !== undefined);
  }

  /** Whether ranges have an address, or all IPv4 ones that it stands for. */
  hasAddress(text: string): boolean {
    return this.#hasAddress(text, (one) => this.#find(one) !== undefined);
  }

  /** The same, of addresses that are listed themselves. */
  listsAddress(text: string): boolean {
    return this.#hasAddress(
      text,
      (one) =>
        this.#ranges.some(([, [address, bits]]) =>
          bits === 8 * address.toByteArray().length &&
          isWithin(one, [address, bits])
        ),
    );
  }

  #hasAddress(text: string, has: (address: Address) => boolean): boolean {
    const address = parseAddress(text);
    if (address === undefined) return false;
    const embedded = embeddedIpv4(address);
    return has(address) || embedded.length > 0 && embedded.every(has);
  }

  /**
   * The pattern that an allowlist's entry would allow: one that covers it, or,
   * if the entry is a wildcard, one that is below it.
   */
  overlapping(host: string): string | undefined {
    const covering = this.covering(host);
    if (covering !== undefined || !isWildcard(host)) return covering;
    const suffix = host.slice(1).toLowerCase();
    return this.#names.find((name) => name.endsWith(suffix));
  }

  #find(address: Address): string | undefined {
    return this.#ranges.find(([, range]) => isWithin(address, range))?.[0];
  }
}

/** The patterns of a user who denies; what stands for an address is denied, too. */
export function denyingPatterns(
  patterns: readonly string[] = [],
): HostPatterns {
  return new HostPatterns(patterns, { localhost: ["127.0.0.0/8", "::1"] });
}
