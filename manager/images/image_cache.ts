/**
 * The worker images that the manager keeps: copies of what hosts sent, and
 * prepared disks over them. They outlive the manager, but what a later one
 * finds serves only if it has the seal that the host knows.
 *
 * @module
 */

import { z } from "zod";
import { allocatedBytes } from "../../src/shared/allocated_bytes.ts";
import { AgentError } from "../../src/shared/rpc/peer.ts";
import { digestSchema } from "../../src/shared/rpc/protocol.ts";
import { waitForDevice } from "../system/attached_device.ts";
import { CommandError } from "../system/commands.ts";
import { measureDiskSpace } from "./data_disk.ts";
import { checkOverlay } from "./disk_image.ts";
import {
  type CacheEntry,
  type CacheLimits,
  chooseEvictions,
  chooseExpired,
  evictableBytes,
} from "./eviction.ts";
import type { DiskClaims } from "./disk_claims.ts";
import { measureFile } from "../system/file_size.ts";
import { flush } from "../system/flush.ts";
import { copyDevice, type ImageSource } from "./image_copy.ts";
import { Seals } from "./seals.ts";
import { exists, orGone, touch } from "../system/vanishing_file.ts";

/** What a worker boots from: the nearest image first. */
export interface BaseImage {
  file: string;
  format: "qcow2";
  /** All images down to the one without a backing file. */
  chain: readonly { file: string; format: "qcow2" }[];
}

/** Which image, and which prepared disk over it. */
export interface BaseName {
  image: string;
  prepared?: string | undefined;
}

/** What makes room before an image does. */
export interface Spare {
  /** False if there is nothing left to remove. */
  removeOldest(): Promise<boolean>;
  /** About what all of it takes. */
  bytes(): Promise<number>;
}

/** What the host knows of the files with a name; null if nothing. */
export interface KnownSeals {
  image: string | null;
  prepared: string | null;
}

/** A copy of an image that is not in the cache yet. */
export interface ImageCopy {
  readonly bytes: number;
  /** Puts it into the cache under its name; gives its seal, if it has one. */
  keep(image: string): Promise<string | null>;
  discard(): Promise<void>;
}

export interface CacheSize {
  count: number;
  bytes: number;
}

/** Kept free on the data disk beside what builds under way may write. */
const RESERVED_BYTES = 512 * 1024 * 1024;

/** Names of the cache's files: a digest, and what it is. */
const FILE_NAME = /^[0-9a-f]{64}\.(qcow2|json)$/;

const preparedRecordSchema = z.strictObject({ image: digestSchema });

/** The cache below one directory of the data disk. */
export class ImageCache {
  readonly #images: string;
  readonly #prepared: string;
  readonly #seals: Seals;
  /** How many workers use a file. */
  readonly #uses = new Map<string, number>();

  constructor(
    state: string,
    readonly spare: Spare,
    readonly claims: Pick<DiskClaims, "confirm" | "during" | "outstanding">,
    seals = new Seals(),
    readonly measureSpace: typeof measureDiskSpace = measureDiskSpace,
  ) {
    this.#seals = seals;
    this.#images = `${state}/images`;
    this.#prepared = `${state}/prepared`;
  }

  /** Creates the directories and removes all but whole files of this version. */
  async open(): Promise<void> {
    for (const directory of [this.#images, this.#prepared]) {
      await Deno.mkdir(directory, { recursive: true });
      for await (const { name, isFile } of Deno.readDir(directory)) {
        if (isFile && FILE_NAME.test(name)) continue;
        await Deno.remove(`${directory}/${name}`, { recursive: true });
      }
    }
    for (const key of await this.#keys(this.#prepared, ".qcow2")) {
      const image = await this.#imageOfPrepared(key);
      if (image === undefined || !await exists(this.#imageFile(image))) {
        await this.#removePrepared(key);
      }
    }
  }

  /** Tells what is there that a build may use; what is asked for will be. */
  async find(
    name: BaseName,
    seals: KnownSeals,
  ): Promise<{ image: boolean; prepared: boolean }> {
    return await this.#findBy(
      name,
      async (file, kind) =>
        await touch(file) && await this.#seals.accepts(file, seals[kind]),
    );
  }

  /** As {@linkcode find}, of what needs no more looks. */
  #findTrusted(name: BaseName): Promise<{ image: boolean; prepared: boolean }> {
    return this.#findBy(
      name,
      async (file) => this.#seals.isTrusted(file) && await exists(file),
    );
  }

  async #findBy(
    name: BaseName,
    isGood: (file: string, kind: keyof KnownSeals) => Promise<boolean>,
  ): Promise<{ image: boolean; prepared: boolean }> {
    const image = await isGood(this.#imageFile(name.image), "image");
    const prepared = image && name.prepared !== undefined &&
      await isGood(this.#preparedFile(name.prepared), "prepared") &&
      await this.#imageOfPrepared(name.prepared) === name.image;
    return { image, prepared };
  }

  /**
   * Copies a device's image; it serves nobody until it is kept.
   *
   * @throws {AgentError} `bad-image`, `image-too-large` or `disk-full`
   */
  async copy(
    source: ImageSource,
    signal: AbortSignal,
  ): Promise<ImageCopy> {
    const partial = `${this.#images}/${crypto.randomUUID()}.partial`;
    const discard = () => Deno.remove(partial).catch(() => {});
    await waitForDevice(source.device);
    try {
      await copyDevice(source, partial, this, signal);
      // The bases of workers are read by their users.
      await Deno.chmod(partial, 0o644);
      await flush(partial);
      signal.throwIfAborted();
    } catch (error) {
      await discard();
      throw error;
    }
    return {
      bytes: await measureFile(partial),
      keep: (image) => this.#seals.keep(partial, this.#imageFile(image)),
      discard,
    };
  }

  /** Finds an image for a worker and keeps it until `release`. */
  async acquire(name: BaseName): Promise<BaseImage> {
    const files = this.#files(name);
    for (const file of files) this.#count(file, 1);
    try {
      const found = await this.#findTrusted(name);
      if (!found.image || (name.prepared !== undefined && !found.prepared)) {
        throw new AgentError("unknown-image", "The image is not in the cache");
      }
      for (const file of files) await touch(file);
    } catch (error) {
      this.release(name);
      throw error;
    }
    const chain = files.map((file) => ({ file, format: "qcow2" } as const));
    return { ...chain[0]!, chain };
  }

  /** Keeps an image that is in use for longer, until the call back. */
  hold(name: BaseName): () => void {
    for (const file of this.#files(name)) this.#count(file, 1);
    return () => this.release(name);
  }

  /** Ends what `acquire` began. */
  release(name: BaseName): void {
    for (const file of this.#files(name)) this.#count(file, -1);
  }

  /**
   * Keeps a worker's overlay over a plain image as a prepared disk, unless
   * another build was faster.
   *
   * @returns its seal, if it has one
   */
  async addPrepared(
    key: string,
    image: string,
    overlay: string,
  ): Promise<string | null> {
    const file = this.#preparedFile(key);
    if ((await this.#findTrusted({ image, prepared: key })).prepared) {
      return await this.#seals.measure(file);
    }
    // libvirt gave the overlay to its own user; a base must be readable by all.
    await Deno.chown(overlay, 0, 0);
    await Deno.chmod(overlay, 0o644);
    try {
      await checkOverlay(overlay);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new AgentError("seal-failed", "The worker's disk is damaged", {
        cause: error,
        detail: error.stderr.slice(0, 2000),
      });
    }
    await flush(overlay);
    await Deno.writeTextFile(
      this.#recordFile(key),
      JSON.stringify(preparedRecordSchema.parse({ image })),
    );
    return await this.#seals.keep(overlay, file);
  }

  /** Sizes of both kinds. */
  async sizes(): Promise<{ images: CacheSize; prepared: CacheSize }> {
    return {
      images: await this.#size(this.#images, ".qcow2"),
      prepared: await this.#size(this.#prepared, ".qcow2"),
    };
  }

  /**
   * Makes sure that the bytes fit, by removing what was not used for long. No
   * image goes if that would not do.
   *
   * @throws {AgentError} `disk-full`
   */
  async makeRoom(bytes: number): Promise<void> {
    const missing = async () =>
      bytes + RESERVED_BYTES + await this.claims.outstanding() -
      (await this.measureSpace(this.#images)).available;
    if (await missing() <= 0) return;
    const { images, prepared } = await this.sizes();
    const most = images.bytes + prepared.bytes + await this.spare.bytes();
    if (await missing() > most) throw diskFull();
    while (await missing() > 0 && await this.spare.removeOldest());
    const needed = await missing();
    // Without the spares, fewer images are in use.
    const entries = await this.#entries();
    if (needed > evictableBytes(entries)) throw diskFull();
    await this.#removeAll(chooseEvictions(entries, needed));
    if (await missing() > 0) throw diskFull();
  }

  /** Removes what was not used for long, and the oldest of what is too much. */
  async trim(limits: CacheLimits): Promise<void> {
    await this.#removeAll(chooseExpired(await this.#entries(), limits));
  }

  async #removeAll(files: readonly string[]): Promise<void> {
    // Another build makes room at the same time.
    const remove = (file: string) => orGone(Deno.remove(file));
    for (const file of files) {
      // A worker has come that needs it since it was chosen.
      if (this.#uses.has(file)) continue;
      await remove(file);
      if (file.startsWith(this.#prepared)) {
        await remove(file.replace(/\.qcow2$/, ".json"));
      }
    }
  }

  async #entries(): Promise<CacheEntry[]> {
    const entries: CacheEntry[] = [];
    const dependents = new Map<string, string[]>();
    for (const key of await this.#keys(this.#prepared, ".qcow2")) {
      const file = this.#preparedFile(key);
      const image = await this.#imageOfPrepared(key);
      if (image !== undefined) {
        const base = this.#imageFile(image);
        dependents.set(base, [...dependents.get(base) ?? [], file]);
      }
      entries.push(...await this.#entry(file, []));
    }
    for (const key of await this.#keys(this.#images, ".qcow2")) {
      const file = this.#imageFile(key);
      entries.push(...await this.#entry(file, dependents.get(file) ?? []));
    }
    return entries;
  }

  /** None if another build has just removed it. */
  async #entry(
    file: string,
    dependents: readonly string[],
  ): Promise<CacheEntry[]> {
    const info = await orGone(Deno.stat(file));
    if (info === undefined) return [];
    return [{
      key: file,
      bytes: allocatedBytes(info),
      lastUsed: info.mtime?.getTime() ?? 0,
      dependents,
      inUse: (this.#uses.get(file) ?? 0) > 0,
    }];
  }

  async #size(directory: string, suffix: string): Promise<CacheSize> {
    const keys = await this.#keys(directory, suffix);
    let bytes = 0;
    for (const key of keys) {
      bytes += await measureFile(`${directory}/${key}${suffix}`);
    }
    return { count: keys.length, bytes };
  }

  async #keys(directory: string, suffix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { name } of Deno.readDir(directory)) {
      if (name.endsWith(suffix)) keys.push(name.slice(0, -suffix.length));
    }
    return keys;
  }

  async #imageOfPrepared(key: string): Promise<string | undefined> {
    try {
      const text = await Deno.readTextFile(this.#recordFile(key));
      return preparedRecordSchema.parse(JSON.parse(text)).image;
    } catch {
      // A crash between the two files; the disk counts as absent.
      return undefined;
    }
  }

  async #removePrepared(key: string): Promise<void> {
    await Deno.remove(this.#preparedFile(key));
    await Deno.remove(this.#recordFile(key)).catch(() => {});
  }

  #files(name: BaseName): string[] {
    const image = this.#imageFile(name.image);
    return name.prepared === undefined
      ? [image]
      : [this.#preparedFile(name.prepared), image];
  }

  #count(file: string, change: 1 | -1): void {
    const uses = (this.#uses.get(file) ?? 0) + change;
    if (uses > 0) this.#uses.set(file, uses);
    else this.#uses.delete(file);
  }

  #imageFile(digest: string): string {
    return `${this.#images}/${digest}.qcow2`;
  }

  #preparedFile(key: string): string {
    return `${this.#prepared}/${key}.qcow2`;
  }

  #recordFile(key: string): string {
    return `${this.#prepared}/${key}.json`;
  }
}

function diskFull(): AgentError {
  return new AgentError("disk-full", "The manager's disk lacks space");
}
