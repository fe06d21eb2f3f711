/**
 * Serves the agent's methods to one connection of the host after the other.
 *
 * @module
 */

import { Channel, type ChannelStream } from "../src/shared/rpc/channel.ts";
import {
  AgentError,
  type MethodHandlers,
  type MethodServer,
  serveMethods,
} from "../src/shared/rpc/peer.ts";
import {
  type MethodResult,
  PROTOCOL_VERSION,
  type StreamPurpose,
} from "../src/shared/rpc/protocol.ts";
import { type BuildVerdict, violation } from "./builds/build_verdict.ts";
import { BuildRegistry } from "./builds/builds.ts";
import type { Capacity } from "./builds/capacity.ts";
import type { LogSink } from "./workers/log_pump.ts";
import { ImageImports } from "./images/image_imports.ts";
import { attachedDiskPath } from "./system/paths.ts";
import { measureStatus, readJournal } from "./status.ts";
import type { RestingWorkers } from "./workers/resting_workers.ts";
import { Worker } from "./workers/worker.ts";
import type { WorkerSurroundings } from "./workers/worker_body.ts";
import { newWorkerId } from "./workers/worker_id.ts";

/** What the agent is made of. */
export interface AgentOptions extends WorkerSurroundings {
  version: string;
  resting: RestingWorkers;
  capacity: Capacity;
  /** Told of each build; what it returns, of the build's end. */
  holdMemory(): () => void;
  /** Powers the manager off, soon. */
  powerOff(): void;
}

/** One connection of the host. */
type Connection = { openStream(purpose: StreamPurpose): ChannelStream };

/** The agent: its builds outlive no connection. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #builds: BuildRegistry<Worker>;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#builds = new BuildRegistry(() => options.holdMemory());
  }

  /** Serves a connection; resolves when it and all of its builds are gone. */
  async serve(transport: ByteStreams): Promise<void> {
    const server: { methods?: MethodServer } = {};
    const imports = new ImageImports(this.#options.cache);
    const channel = new Channel(transport, {
      side: "agent",
      onMessage: (message) => server.methods?.receive(message),
      onStream: (_purpose, stream) => stream.reset("Streams go the other way"),
    });
    server.methods = serveMethods(channel, this.#handlers(channel, imports), {
      onInternalError: (method, error) => console.error(`${method}:`, error),
    });
    const error = await channel.closed;
    if (error !== undefined) console.error("connection:", error.message);
    await this.#builds.closeAll(channel);
    await imports.close();
    this.#rest();
  }

  /** Ends all builds. */
  async close(): Promise<void> {
    await this.#builds.closeEverything();
    await this.#options.resting.drop();
  }

  /** While nothing is built, a worker can be started for what comes next. */
  #rest(): void {
    if (this.#builds.count === 0) this.#options.resting.fillSoon();
  }

  #handlers(connection: Connection, imports: ImageImports): MethodHandlers {
    const builds = this.#builds;
    const { cache, saved, resting, capacity, paths, version } = this.#options;
    return {
      "manager.hello": () =>
        Promise.resolve({
          protocol: PROTOCOL_VERSION,
          version,
          builds: builds.count,
        }),
      "manager.status": () =>
        measureStatus(
          version,
          builds.list(),
          { cache, saved, resting },
          paths.state,
        ),
      "manager.logs": async ({ lines }) => ({ text: await readJournal(lines) }),
      "manager.shutdown": ({ force }) => this.#shutDown(force),
      "build.open": async ({ worker, cache: kept, ...build }, { signal }) => {
        const share = await capacity.reserve(worker);
        try {
          // Else nobody would ever close it.
          signal.throwIfAborted();
          builds.open(connection, { ...build, share });
        } catch (error) {
          share.release();
          throw error;
        }
        resting.wait();
        await cache.trim({
          maxBytes: kept.maxBytes,
          since: Date.now() - 1000 * kept.maxAgeSeconds,
        });
        const isUnwanted = build.readyWorkers === 0;
        if (isUnwanted) resting.plan(undefined);
        if (isUnwanted || !capacity.hasRoom(resting.memoryBytes)) {
          await resting.drop();
        }
        return {};
      },
      "build.verdict": async ({ build }) =>
        await builds.judge(connection, build),
      "build.phase": async ({ build, phase }) => {
        await builds.setPhase(connection, build, phase);
        return {};
      },
      "build.close": async ({ build }) => {
        await builds.close(connection, build);
        return {};
      },
      "image.find": ({ seals, ...name }) => cache.find(name, seals),
      "image.import": ({ image, disk, ...source }, { signal }) =>
        imports.copy(
          image,
          { ...source, device: attachedDiskPath(disk) },
          signal,
        ),
      "image.keep": ({ image }) => imports.keep(image),
      "worker.boot": ({ build, sealable, ...settings }, { signal }) => {
        const id = newWorkerId();
        const verdict = builds.verdict(connection, build);
        const worker = new Worker(
          id,
          {
            ...settings,
            readyWorkers: sealable ? 0 : builds.readyWorkers(connection, build),
          },
          builds.share(connection, build),
          this.#options,
          verdict,
          (rule, host) =>
            connection.openStream({ kind: "egress", worker: id, rule, host }),
        );
        builds.addWorker(connection, build, worker);
        return judged(verdict, () => this.#boot(connection, worker, signal));
      },
      "worker.plug": ({ worker, serial }) =>
        judged(builds.verdictOnWorker(connection, worker), async () => {
          await builds.worker(connection, worker).plug(serial);
          return {};
        }),
      "worker.repositories": ({ worker }) =>
        judged(builds.verdictOnWorker(connection, worker), async () => ({
          rules: await builds.worker(connection, worker).repositories(),
        })),
      "worker.allow": async ({ worker, rules }) => {
        await builds.worker(connection, worker).allow(rules);
        return {};
      },
      "worker.run": async ({ worker: id, step }, { signal }) => {
        const worker = builds.worker(connection, id);
        const log = connection.openStream({ kind: "log", worker: id });
        // A step cannot be stopped other than with its worker.
        const stop = () => void worker.destroy();
        signal.addEventListener("abort", stop);
        const writer = log.writable.getWriter();
        writer.closed.catch(() => {});
        const verdict = builds.verdictOnWorker(connection, id);
        const sink: LogSink = async (bytes) => {
          const kept = bytes.subarray(0, verdict.budget.takeLog(bytes.length));
          if (kept.byteLength > 0) await writer.write(kept);
          // The worker is on its end; more would go beyond the limit.
          return kept.byteLength === bytes.byteLength;
        };
        try {
          return await judged(
            verdict,
            async () => ({ exitCode: await worker.run(step, sink) }),
          );
        } finally {
          signal.removeEventListener("abort", stop);
          await writer.close().catch(() => {});
        }
      },
      "worker.poweroff": ({ worker }) =>
        judged(builds.verdictOnWorker(connection, worker), async () => {
          await builds.worker(connection, worker).poweroff();
          return {};
        }),
      "worker.seal": async ({ worker: id, prepared }) => {
        try {
          return await judged(
            builds.verdictOnWorker(connection, id),
            () => builds.worker(connection, id).seal(prepared),
          );
        } finally {
          await builds.destroyWorker(connection, id);
        }
      },
      "worker.destroy": async ({ worker }) => ({
        usage: await builds.destroyWorker(connection, worker),
      }),
    };
  }

  async #boot(
    connection: Connection,
    worker: Worker,
    signal: AbortSignal,
  ): Promise<MethodResult<"worker.boot">> {
    const stop = () => void worker.destroy();
    signal.addEventListener("abort", stop);
    try {
      const origin = await worker.boot();
      return { worker: worker.id, origin };
    } catch (error) {
      await this.#builds.destroyWorker(connection, worker.id);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #shutDown(force: boolean): Promise<Record<string, never>> {
    if (this.#builds.count > 0 && !force) {
      throw new AgentError(
        "busy",
        `${this.#builds.count} builds are under way`,
      );
    }
    this.#options.powerOff();
    return Promise.resolve({});
  }
}

/** Whatever a worker did or became: what was found counts. */
async function judged<T>(
  verdict: BuildVerdict,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const result = await work();
    if (!verdict.found) return result;
  } catch (error) {
    if (!verdict.found) throw error;
  }
  throw violation();
}

type ByteStreams = {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
};
