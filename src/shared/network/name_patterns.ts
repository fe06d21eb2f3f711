/**
 * The one rule for which names a pattern stands for: a name for itself,
 * `*.example.org` for every name below `example.org`.
 *
 * @module
 */

import { endsInNumber } from "./host.ts";

/** What patterns say, indexed: a look-up costs the same for any number. */
export class NamePatterns<T> {
  readonly #entries: ReadonlyMap<string, T[]>;

  /** @param entries patterns in lower case, each with what it says */
  constructor(entries: Iterable<readonly [pattern: string, said: T]>) {
    const map = new Map<string, T[]>();
    for (const [pattern, said] of entries) {
      const known = map.get(pattern);
      if (known === undefined) map.set(pattern, [said]);
      else known.push(said);
    }
    this.#entries = map;
  }

  /**
   * What is said of a lower-case name: by itself, then by wildcards, the
   * nearest first. A wildcard is covered as all names below it are.
   */
  covering(name: string): T[] {
    return [...patternsFor(name)]
      .flatMap((pattern) => this.#entries.get(pattern) ?? []);
  }
}

/** No wildcard stands for what systems read as an address. */
function* patternsFor(name: string): Generator<string> {
  yield name;
  if (endsInNumber(name)) return;
  let dot = name.indexOf(".", 1);
  while (dot !== -1) {
    yield `*${name.slice(dot)}`;
    dot = name.indexOf(".", dot + 1);
  }
}
