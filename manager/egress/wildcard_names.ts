/**
 * Bounds what a worker can say by the names that it asks for below a wildcard:
 * each name is words to whoever answers for the wildcard's domain.
 *
 * @module
 */

/** Names below all wildcards of a worker. */
export const MAX_WILDCARD_NAMES = 64;

/** Characters that a name may have beyond the wildcard's own. */
export const MAX_WILDCARD_CHARACTERS = 63;

/** The names that were asked for so far. */
export class WildcardNames {
  readonly #names = new Set<string>();

  /**
   * Whether a name may be answered.
   *
   * @param suffix the wildcard's own part, such as `.example.org`
   */
  admit(name: string, suffix: string): boolean {
    if (this.#names.has(name)) return true;
    if (
      name.length - suffix.length > MAX_WILDCARD_CHARACTERS ||
      this.#names.size >= MAX_WILDCARD_NAMES
    ) return false;
    this.#names.add(name);
    return true;
  }
}
