/**
 * What the builds and copies under way may still write to the data disk. So much
 * of it is kept free of all else, so that none fills it for the others.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import type { ImageCache } from "./image_cache.ts";

/** What one build or copy may write, one worker at a time. */
export interface DiskClaim {
  /** Has what the current worker has written counted: bytes, 0 once it is gone. */
  measureBy(measure: () => Promise<number>): void;
  /** Gives it back; nothing happens the second time. */
  release(): void;
}

/** All claims. */
export class DiskClaims {
  readonly #claims = new Set<{
    bytes: number;
    measure: () => Promise<number>;
  }>();
  #last: Promise<unknown> = Promise.resolve();

  /** Claims so many bytes, whether they are there or not. */
  add(bytes: number): DiskClaim {
    const claim = { bytes, measure: () => Promise.resolve(0) };
    this.#claims.add(claim);
    return {
      measureBy(measure) {
        claim.measure = measure;
      },
      release: () => {
        this.#claims.delete(claim);
      },
    };
  }

  /**
   * Claims so many bytes if there is room. One comes after the other: of two
   * that do not fit together, one gets what it wants.
   *
   * @param makeRoom fails if there is less than what is outstanding
   */
  take(bytes: number, makeRoom: () => Promise<void>): Promise<DiskClaim> {
    return this.#inTurn(async () => {
      const claim = this.add(bytes);
      try {
        await makeRoom();
        return claim;
      } catch (error) {
        claim.release();
        throw error;
      }
    });
  }

  /**
   * Makes sure that there still is room for what was claimed. A claim that is
   * yet to be refused does not count.
   */
  confirm(makeRoom: () => Promise<void>): Promise<void> {
    return this.#inTurn(makeRoom);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /**
   * Claims what some work may write, for as long as it takes.
   *
   * @param measure what it has written
   */
  async during<T>(
    bytes: number,
    { makeRoom, measure }: {
      makeRoom: () => Promise<void>;
      measure: () => Promise<number>;
    },
    work: () => Promise<T>,
  ): Promise<T> {
    const claim = await this.take(bytes, makeRoom);
    claim.measureBy(measure);
    try {
      return await work();
    } finally {
      claim.release();
    }
  }

  /** Bytes that were claimed and are not written yet. */
  async outstanding(): Promise<number> {
    const left = await Promise.all(
      [...this.#claims].map(async ({ bytes, measure }) =>
        Math.max(0, bytes - await measure())
      ),
    );
    return left.reduce((sum, bytes) => sum + bytes, 0);
  }
}

/**
 * Claims room for a build, for which images that nobody uses make way.
 *
 * @throws {AgentError} `no-capacity` if the builds under way may need it
 */
export async function claimDisk(
  bytes: number,
  claims: DiskClaims,
  cache: Pick<ImageCache, "makeRoom">,
): Promise<DiskClaim> {
  return await orWithoutRoom(
    claims.take(bytes, () => cache.makeRoom(0)),
    () =>
      new AgentError(
        "no-capacity",
        `The manager's disk has no ${gibibytes(bytes)} for the build beside ` +
          "what the builds under way may write",
      ),
  );
}

/** Fails with an error of the caller's own where the disk has no room. */
export async function orWithoutRoom<T>(
  work: Promise<T>,
  refusal: () => Error,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AgentError && error.code === "disk-full") {
      throw refusal();
    }
    throw error;
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
