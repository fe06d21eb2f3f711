/**
 * Workers that have booted, saved on the data disk for builds to start clones
 * of: one for each kind of worker that was built in last. No build ever ran in
 * one of them.
 *
 * @module
 */

import { measureFile } from "../system/file_size.ts";
import type { BaseName } from "../images/image_cache.ts";
import { orAborted } from "../system/waiting.ts";
import { type SavedFiles, savedFiles } from "./worker_machine.ts";
import { planKey, type WorkerPlan } from "./worker_plan.ts";

/** What a saved worker and its clones have in common. */
export interface WorkerKind {
  plan: WorkerPlan;
  /** Number of its network link, whose addresses it knows; null without. */
  link: number | null;
}

/** A worker that was saved; `release` it when its clone has ended. */
export interface SavedState {
  readonly files: SavedFiles;
  /** Whether it was saved for whoever asked now. */
  readonly fresh: boolean;
  release(): void;
  /** No clone could be made; if that was not the first time, none will be. */
  reject(): void;
}

/** Why a worker was not saved; a build boots its own. */
export class UnsuitedError extends Error {
  override readonly name: string = "UnsuitedError";
}

/** There was no room for it, which may be otherwise the next time. */
export class NoRoomError extends UnsuitedError {
  override readonly name = "NoRoomError";
}

/**
 * An emulated worker may die now and then; a kind whose workers cannot be saved
 * or cloned is not tried any more.
 */
const MAX_FAILURES = 2;

/** What the store needs of what it stands on. */
export interface SavedSurroundings {
  /** Makes a blank overlay over another one. */
  createOverlay(overlay: string, base: string): Promise<void>;
  /** Keeps an image, and what was prepared over it, until the call back. */
  hold(base: BaseName): () => void;
}

interface Entry {
  readonly directory: string;
  readonly releaseBase: () => void;
  uses: number;
  /** Serial number of its last use. */
  lastUse: number;
}

/** The saved workers of one agent. */
export class SavedStates {
  readonly #directory: string;
  readonly #surroundings: SavedSurroundings;
  readonly #entries = new Map<string, Entry>();
  /** Settled when the kind's worker is saved, or was not. */
  readonly #making = new Map<string, Promise<void>>();
  /** How often a kind's workers could not be saved or cloned. */
  readonly #failures = new Map<string, number>();
  #useCount = 0;

  constructor(state: string, surroundings: SavedSurroundings) {
    this.#directory = `${state}/saved`;
    this.#surroundings = surroundings;
  }

  /** Removes what an earlier agent left: nobody knows of it any more. */
  async open(): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true }).catch(() => {});
    await Deno.mkdir(this.#directory, { recursive: true, mode: 0o711 });
  }

  /**
   * Finds a saved worker of a kind, or has one made.
   *
   * @param most how many kinds are kept; with 0 no worker is saved
   * @param make boots a worker, saves it and gives its directory, which becomes
   * this store's
   * @param signal ends the wait for one that another build has made
   * @returns undefined if a build must boot its own
   * @throws what `make` throws, other than {@linkcode UnsuitedError}
   */
  async take(
    kind: WorkerKind,
    most: number,
    make: () => Promise<string>,
    signal: AbortSignal,
  ): Promise<SavedState | undefined> {
    if (most === 0) return undefined;
    const key = keyOf(kind);
    for (;;) {
      if (this.#failed(key)) return undefined;
      const entry = this.#entries.get(key);
      if (entry !== undefined) return this.#use(key, entry, false);
      const making = this.#making.get(key);
      if (making === undefined) break;
      await orAborted(making, signal);
    }
    const made = this.#make(key, kind, most, make);
    this.#making.set(key, made.then(() => {}, () => {}));
    try {
      return this.#use(key, await made, true);
    } catch (error) {
      if (!(error instanceof UnsuitedError)) throw error;
      console.error("a worker was not saved:", error.message);
      if (!(error instanceof NoRoomError)) this.#fail(key);
      return undefined;
    } finally {
      this.#making.delete(key);
    }
  }

  /** Finds a saved worker of a kind. */
  find(kind: WorkerKind): SavedState | undefined {
    const key = keyOf(kind);
    const entry = this.#entries.get(key);
    return entry && this.#use(key, entry, false);
  }

  /**
   * Removes the saved worker that was not used for longest.
   *
   * @returns whether there was one that no clone needs
   */
  async removeOldest(): Promise<boolean> {
    const [oldest] = [...this.#entries]
      .filter(([, { uses }]) => uses === 0)
      .sort(([, a], [, b]) => a.lastUse - b.lastUse);
    if (oldest === undefined) return false;
    const [key, entry] = oldest;
    this.#entries.delete(key);
    await this.#remove(entry);
    return true;
  }

  /** How many there are, and what they take on the disk. */
  async size(): Promise<{ count: number; bytes: number }> {
    let bytes = 0;
    for (const { directory } of this.#entries.values()) {
      for (const file of Object.values(savedFiles(directory))) {
        bytes += await measureFile(file);
      }
    }
    return { count: this.#entries.size, bytes };
  }

  async #make(
    key: string,
    { plan }: WorkerKind,
    most: number,
    make: () => Promise<string>,
  ): Promise<Entry> {
    while (this.#entries.size >= most && await this.removeOldest());
    const made = await make();
    const directory = `${this.#directory}/${crypto.randomUUID()}`;
    const { createOverlay, hold } = this.#surroundings;
    try {
      await Deno.rename(made, directory);
      const { overlay, cloneOverlay } = savedFiles(directory);
      await createOverlay(cloneOverlay, overlay);
    } catch (error) {
      await removeDirectory(made);
      await removeDirectory(directory);
      throw new UnsuitedError(`it cannot be kept: ${error}`);
    }
    const releaseBase = hold(plan.base);
    const entry = { directory, releaseBase, uses: 0, lastUse: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #use(key: string, entry: Entry, fresh: boolean): SavedState {
    entry.uses += 1;
    entry.lastUse = ++this.#useCount;
    let held = true;
    const isForgotten = () => this.#entries.get(key) !== entry;
    return {
      files: savedFiles(entry.directory),
      fresh,
      release: () => {
        if (!held) return;
        held = false;
        entry.uses -= 1;
        if (isForgotten() && entry.uses === 0) void this.#remove(entry);
      },
      reject: () => {
        this.#fail(key);
        if (!this.#failed(key) || isForgotten()) return;
        this.#entries.delete(key);
        if (entry.uses === 0) void this.#remove(entry);
      },
    };
  }

  #fail(key: string): void {
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }

  #failed(key: string): boolean {
    return (this.#failures.get(key) ?? 0) >= MAX_FAILURES;
  }

  async #remove({ directory, releaseBase }: Entry): Promise<void> {
    releaseBase();
    await removeDirectory(directory);
  }
}

function keyOf({ plan, link }: WorkerKind): string {
  return `${planKey(plan)} ${link}`;
}

async function removeDirectory(directory: string): Promise<void> {
  try {
    await Deno.remove(directory, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    console.error("cannot remove a saved worker:", error);
  }
}
