/**
 * Images that a host's connection has copied, until it says that they are what
 * it meant: a disk can change or vanish under the copy, and only the host knows.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import type { ImageCache, ImageCopy } from "./image_cache.ts";
import type { ImageSource } from "./image_copy.ts";

/** What the imports need of the cache. */
export type CopyingCache = Pick<ImageCache, "copy">;

/** The images of one connection. */
export class ImageImports {
  readonly #cache: CopyingCache;
  readonly #copies = new Map<string, ImageCopy>();

  constructor(cache: CopyingCache) {
    this.#cache = cache;
  }

  /** Copies an image from a device. */
  async copy(
    image: string,
    source: ImageSource,
    signal: AbortSignal,
  ): Promise<{ bytes: number }> {
    const copy = await this.#cache.copy(source, signal);
    await this.#copies.get(image)?.discard();
    this.#copies.set(image, copy);
    return { bytes: copy.bytes };
  }

  /** Keeps an image that was copied, for all builds; gives its seal. */
  async keep(image: string): Promise<{ seal: string | null }> {
    const copy = this.#copies.get(image);
    if (copy === undefined) {
      throw new AgentError("unknown-image", "The image was not copied");
    }
    this.#copies.delete(image);
    return { seal: await copy.keep(image) };
  }

  /** Forgets what was not kept. */
  async close(): Promise<void> {
    for (const copy of this.#copies.values()) await copy.discard();
    this.#copies.clear();
  }
}
