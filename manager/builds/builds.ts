/**
 * The builds under way, each bound to the connection that opened it.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import type { MethodResult, Usage } from "../../src/shared/rpc/protocol.ts";
import type { BuildLimits, Verdict } from "../../src/shared/rpc/verdict.ts";
import { BuildVerdict } from "./build_verdict.ts";
import type { Share } from "./capacity.ts";

/** The protocol's limit on the builds of `manager.status`. */
const MAX_BUILDS = 64;

/** What the registry needs of a worker. */
export interface Destroyable {
  readonly id: string;
  destroy(): Promise<Usage>;
}

/** Identity of the connection that a build belongs to. */
export type Owner = object;

/** A build as its connection announces it. */
export interface Announcement {
  build: string;
  name: string;
  limits: BuildLimits;
  /** Kinds of workers that are kept booted. */
  readyWorkers: number;
  /** Given back when the build ends. */
  share: Share;
}

interface Build<W> {
  owner: Owner;
  id: string;
  name: string;
  share: Share;
  readyWorkers: number;
  release: () => void;
  phase: string;
  startedAt: number;
  workers: Map<string, W>;
  verdict: BuildVerdict;
}

/** All builds and their workers. */
export class BuildRegistry<W extends Destroyable> {
  readonly #builds = new Map<string, Build<W>>();
  readonly #hold: () => () => void;

  /** @param hold told of each build; what it returns, of the build's end */
  constructor(hold: () => () => void = () => () => {}) {
    this.#hold = hold;
  }

  get count(): number {
    return this.#builds.size;
  }

  /** Announces a build; its workers end when anything is found against it. */
  open(owner: Owner, announcement: Announcement): void {
    const { build: id, name, limits, share, readyWorkers } = announcement;
    if (this.#builds.has(id)) {
      throw new AgentError("busy", `There is a build "${id}" already`);
    }
    if (this.#builds.size >= MAX_BUILDS) {
      throw new AgentError("no-capacity", `${MAX_BUILDS} builds are under way`);
    }
    const workers = new Map<string, W>();
    this.#builds.set(id, {
      owner,
      id,
      name,
      share,
      readyWorkers,
      release: this.#hold(),
      phase: "",
      startedAt: performance.now(),
      workers,
      verdict: new BuildVerdict(limits, () => {
        for (const worker of workers.values()) void worker.destroy();
      }),
    });
  }

  /** Notes which phase the build is in. */
  setPhase(owner: Owner, id: string, phase: string): void {
    this.#find(owner, id).phase = phase;
  }

  /** Ends a build and destroys its workers. */
  async close(owner: Owner, id: string): Promise<void> {
    await this.#close(this.#find(owner, id));
  }

  /** Ends all builds of a connection. */
  async closeAll(owner: Owner): Promise<void> {
    await this.#closeWhere((build) => build.owner === owner);
  }

  /** Ends all builds. */
  async closeEverything(): Promise<void> {
    await this.#closeWhere(() => true);
  }

  /** Makes the build responsible for a worker. */
  addWorker(owner: Owner, id: string, worker: W): void {
    this.#find(owner, id).workers.set(worker.id, worker);
  }

  /** What is held against a build, all of it once its workers have ended. */
  async judge(owner: Owner, id: string): Promise<Verdict> {
    const { verdict, workers } = this.#find(owner, id);
    if (verdict.found) {
      await Promise.all(
        [...workers.values()].map((worker) => worker.destroy()),
      );
    }
    return verdict.read();
  }

  /** What is held against a build of the connection. */
  verdict(owner: Owner, id: string): BuildVerdict {
    return this.#find(owner, id).verdict;
  }

  /** What the workers of a build of the connection get. */
  share(owner: Owner, id: string): Share {
    return this.#find(owner, id).share;
  }

  /** How many kinds of workers a build of the connection wants kept. */
  readyWorkers(owner: Owner, id: string): number {
    return this.#find(owner, id).readyWorkers;
  }

  /** What is held against the build of one of the connection's workers. */
  verdictOnWorker(owner: Owner, worker: string): BuildVerdict {
    const build = this.#ownBuilds(owner)
      .find(({ workers }) => workers.has(worker));
    if (build === undefined) throw unknownWorker(worker);
    return build.verdict;
  }

  /** Finds a worker of the connection's builds. */
  worker(owner: Owner, id: string): W {
    const worker = this.#ownBuilds(owner)
      .map((build) => build.workers.get(id))
      .find((found) => found !== undefined);
    if (worker === undefined) throw unknownWorker(id);
    return worker;
  }

  /** Destroys a worker and forgets it. */
  async destroyWorker(owner: Owner, id: string): Promise<Usage> {
    const worker = this.worker(owner, id);
    try {
      return await worker.destroy();
    } finally {
      for (const build of this.#ownBuilds(owner)) build.workers.delete(id);
    }
  }

  /** What `manager.status` tells of the builds. */
  list(): MethodResult<"manager.status">["builds"] {
    const now = performance.now();
    return [...this.#builds.values()].map((build) => ({
      id: build.id,
      name: build.name,
      phase: build.phase,
      elapsedSeconds: (now - build.startedAt) / 1000,
    }));
  }

  #ownBuilds(owner: Owner): Build<W>[] {
    return [...this.#builds.values()].filter((build) => build.owner === owner);
  }

  #find(owner: Owner, id: string): Build<W> {
    const build = this.#builds.get(id);
    if (build === undefined || build.owner !== owner) {
      throw new AgentError("unknown-build", `There is no build "${id}"`);
    }
    return build;
  }

  async #closeWhere(matches: (build: Build<W>) => boolean): Promise<void> {
    const builds = [...this.#builds.values()].filter(matches);
    await Promise.all(builds.map((build) => this.#close(build)));
  }

  /** The build counts as under way until its last worker is gone. */
  async #close(build: Build<W>): Promise<void> {
    try {
      await Promise.all(
        [...build.workers.values()].map((worker) => worker.destroy()),
      );
    } finally {
      build.verdict.close();
      build.share.release();
      build.release();
      this.#builds.delete(build.id);
    }
  }
}

function unknownWorker(id: string): AgentError {
  return new AgentError("unknown-worker", `There is no worker "${id}"`);
}
