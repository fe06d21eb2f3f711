/**
 * Gives the names that a worker may reach addresses that exist nowhere else.
 *
 * @module
 */

/** Workers that may have a network card at the same time. */
export const MAX_LINKS = 64;

/**
 * Synthetic addresses of one worker: 198.18.0.0/15, set aside for benchmarks
 * by RFC 2544, split evenly among all links.
 */
export const ADDRESSES_PER_LINK = 2 ** 17 / MAX_LINKS;

/** The range of all synthetic addresses. */
export const SYNTHETIC_RANGE = "198.18.0.0/15";

const FIRST_ADDRESS = (198 << 24 | 18 << 16) >>> 0;

/** The range of one link's synthetic addresses. */
export function syntheticRange(link: number): string {
  const prefix = 32 - Math.log2(ADDRESSES_PER_LINK);
  return `${dotted(FIRST_ADDRESS + link * ADDRESSES_PER_LINK)}/${prefix}`;
}

/** The addresses of one worker: a name keeps its address for good. */
export class SyntheticAddresses {
  readonly #first: number;
  readonly #byName = new Map<string, string>();
  readonly #byAddress = new Map<string, string>();

  constructor(link: number) {
    if (!Number.isInteger(link) || link < 0 || link >= MAX_LINKS) {
      throw new RangeError(`There is no link ${link}`);
    }
    this.#first = FIRST_ADDRESS + link * ADDRESSES_PER_LINK;
  }

  /** The name's address; undefined if all addresses are taken. */
  addressOf(name: string): string | undefined {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    // The first and the last address are left out: stacks may reject them.
    const offset = this.#byName.size + 1;
    if (offset >= ADDRESSES_PER_LINK - 1) return undefined;
    const address = dotted(this.#first + offset);
    this.#byName.set(name, address);
    this.#byAddress.set(address, name);
    return address;
  }

  /** The name's address, if it has one already. */
  find(name: string): string | undefined {
    return this.#byName.get(name);
  }

  /** The name that has the address. */
  nameOf(address: string): string | undefined {
    return this.#byAddress.get(address);
  }
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}
