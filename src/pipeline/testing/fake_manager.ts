/**
 * A manager and its agent in memory: builds, caches, disks and workers that
 * come and go as in the real one, without anything that runs.
 *
 * @module
 */

import { EnvironmentError } from "../../shared/errors.ts";
import type { WorkerStep } from "../../guest/session/agent_session.ts";
import {
  type EgressRule,
  type MethodName,
  type MethodParams,
  type MethodResult,
  methods,
  type RpcFailure,
  type Usage,
} from "../../shared/rpc/protocol.ts";
import { RpcFailureError } from "../../shared/rpc/rpc_failure.ts";
import type { LimitRecord, Verdict } from "../../shared/rpc/verdict.ts";
import type { Agent, Manager } from "../ports.ts";

/** What lies on a disk that travels between host and worker. */
export interface FakeDisk {
  /** What the host packed. */
  packed?: string;
  /** What the worker wrote behind it. */
  archive?: string;
}

interface FakeWorker {
  base: MethodParams<"worker.boot">["base"];
  allowed: readonly EgressRule[] | null;
  disk?: FakeDisk;
  tree?: string;
  isOff: boolean;
}

interface FakeBuild {
  phase: string;
  workers: Map<string, FakeWorker>;
}

type Handlers = {
  [M in MethodName]?: (
    params: MethodParams<M>,
  ) => MethodResult<M> | Promise<MethodResult<M>>;
};

export const usageOfWorker: Usage = {
  cpuSeconds: 2,
  peakMemoryBytes: 1000,
  diskBytes: 500,
  memoryKills: 0,
};

export class FakeManager implements Manager, Agent {
  accelerator: "kvm" | "tcg" = "kvm";
  isRunning = false;
  isConnected = false;
  /** Supervisions that nobody has stopped. */
  supervisions = 0;
  readonly #gone = new AbortController();
  readonly images = new Set<string>();
  readonly prepared = new Set<string>();
  readonly builds = new Map<string, FakeBuild>();
  /** Disks that the host has plugged in, by serial number. */
  readonly disks = new Map<string, FakeDisk>();
  readonly #imported = new Set<string>();
  readonly verdict: Verdict = {
    attempts: { total: 0, records: [] },
    limit: null,
  };
  /** Workers that die while they boot. */
  deaths = 0;
  repositories: EgressRule[] = [];
  /** Exit status of each kind of step. */
  readonly statuses = {
    "prepare": 0,
    "source-in": 0,
    "build": 0,
    "workspace-out": 0,
  };
  /** A step that does not end by itself; told when it is under way. */
  stuck: { kind: WorkerStep["kind"]; onStuck: () => void } | undefined;
  /** What the next call is answered with, though it is no result of it. */
  nonsense: { answer: unknown } | undefined;
  #workers = 0;

  connect(signal: AbortSignal) {
    signal.throwIfAborted();
    const started = !this.isRunning;
    this.isRunning = true;
    this.isConnected = true;
    return Promise.resolve(
      { version: "v1", accelerator: this.accelerator, started },
    );
  }

  supervise() {
    this.supervisions++;
    let isStopped = false;
    return {
      signal: this.#gone.signal,
      stop: () => {
        if (!isStopped) this.supervisions--;
        isStopped = true;
        return Promise.resolve();
      },
    };
  }

  /** The virtual machine ends, with all that runs in it. */
  end(reason: EnvironmentError): void {
    this.isRunning = false;
    this.isConnected = false;
    this.builds.clear();
    this.#gone.abort(reason);
  }

  /** Finds something against the build: its workers end. */
  findLimit(record: LimitRecord): void {
    this.verdict.limit = record;
    for (const { workers } of this.builds.values()) workers.clear();
  }

  async call<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    signal: AbortSignal,
  ): Promise<MethodResult<M>> {
    signal.throwIfAborted();
    this.#requireConnection();
    methods[method].params.parse(params);
    const handler = this.#handlers[method];
    if (handler === undefined) throw new Error(`No build calls ${method}`);
    const answer = await handler(params);
    return this.#parse(method, this.#replaced(answer));
  }

  async runStep(
    worker: string,
    step: WorkerStep,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<number> {
    signal.throwIfAborted();
    this.#requireConnection();
    methods["worker.run"].params.parse({ worker, step });
    this.#requireInnocence("worker.run");
    const running = this.#worker(worker);
    if (this.stuck?.kind === step.kind) {
      const ended = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => ended.reject(signal.reason));
      this.stuck.onStuck();
      return await ended.promise;
    }
    if (step.kind === "source-in") running.tree = running.disk?.packed ?? "";
    if (step.kind === "build") {
      onText("built\n");
      running.tree = `${running.tree}, built`;
    }
    const exitCode = this.statuses[step.kind];
    if (step.kind === "workspace-out" && exitCode === 0) {
      running.disk!.archive = running.tree!;
    }
    const answer = this.#replaced({ exitCode });
    return await Promise.resolve(this.#parse("worker.run", answer).exitCode);
  }

  disconnect(): Promise<void> {
    this.isConnected = false;
    this.builds.clear();
    return Promise.resolve();
  }

  readonly #handlers: Handlers = {
    "build.open": ({ build }) => {
      this.builds.set(build, { phase: "", workers: new Map() });
      return {};
    },
    "build.verdict": ({ build }) => {
      this.#build(build);
      return this.verdict;
    },
    "build.phase": ({ build, phase }) => {
      this.#build(build).phase = phase;
      return {};
    },
    "build.close": ({ build }) => {
      this.#build(build);
      this.builds.delete(build);
      return {};
    },
    "image.find": ({ image, prepared }) => ({
      image: this.images.has(image),
      prepared: prepared !== undefined && this.prepared.has(prepared),
    }),
    "image.import": ({ image, disk, allocatedBytes }) => {
      if (!this.disks.has(disk)) throw refusal("image.import", "disk-missing");
      this.#imported.add(image);
      return { bytes: allocatedBytes };
    },
    "image.keep": ({ image }) => {
      if (!this.#imported.delete(image)) {
        throw refusal("image.keep", "unknown-image");
      }
      this.images.add(image);
      return { seal: "a".repeat(128) };
    },
    "worker.boot": ({ build, base, network }) => {
      this.#requireInnocence("worker.boot");
      const isThere = this.images.has(base.image) &&
        (!("prepared" in base) || this.prepared.has(base.prepared));
      if (!isThere) throw refusal("worker.boot", "unknown-image");
      if (this.deaths > 0) {
        this.deaths--;
        throw refusal("worker.boot", "worker-died");
      }
      const worker = `w${++this.#workers}`;
      const allowed = network?.rules ?? null;
      const workers = this.#build(build).workers;
      workers.set(worker, { base, allowed, isOff: false });
      return { worker, origin: "booted" };
    },
    "worker.plug": ({ worker, serial }) => {
      this.#requireInnocence("worker.plug");
      const disk = this.disks.get(serial);
      if (disk === undefined) throw refusal("worker.plug", "disk-missing");
      this.#worker(worker).disk = disk;
      return {};
    },
    "worker.repositories": ({ worker }) => {
      this.#requireInnocence("worker.repositories");
      this.#worker(worker);
      return { rules: this.repositories };
    },
    "worker.allow": ({ worker, rules }) => {
      this.#worker(worker).allowed = rules;
      return {};
    },
    "worker.poweroff": ({ worker }) => {
      this.#requireInnocence("worker.poweroff");
      this.#worker(worker).isOff = true;
      return {};
    },
    "worker.seal": ({ worker, prepared }) => {
      this.#requireInnocence("worker.seal");
      if (!this.#worker(worker).isOff) {
        throw refusal("worker.seal", "seal-failed");
      }
      this.#forget(worker);
      this.prepared.add(prepared);
      return { usage: usageOfWorker, seal: "b".repeat(128) };
    },
    "worker.destroy": ({ worker }) => {
      this.#worker(worker);
      this.#forget(worker);
      return { usage: usageOfWorker };
    },
  };

  #replaced(answer: unknown): unknown {
    if (this.nonsense === undefined) return answer;
    const replaced = this.nonsense.answer;
    this.nonsense = undefined;
    return replaced;
  }

  /** As the real client does. */
  #parse<M extends MethodName>(method: M, answer: unknown): MethodResult<M> {
    const result = methods[method].result.safeParse(answer);
    if (result.success) return result.data as MethodResult<M>;
    throw new EnvironmentError(
      "rpc-malformed-result",
      `The manager answered "${method}" with what is not a result of it`,
    );
  }

  #requireConnection(): void {
    if (this.isConnected) return;
    throw new EnvironmentError("channel-closed", "The connection ended");
  }

  #requireInnocence(method: MethodName): void {
    const { attempts, limit } = this.verdict;
    if (attempts.total > 0 || limit !== null) {
      throw refusal(method, "violation");
    }
  }

  #build(id: string): FakeBuild {
    const build = this.builds.get(id);
    if (build === undefined) throw refusal("build.phase", "unknown-build");
    return build;
  }

  #worker(id: string): FakeWorker {
    for (const { workers } of this.builds.values()) {
      const worker = workers.get(id);
      if (worker !== undefined) return worker;
    }
    throw refusal("worker.run", "unknown-worker");
  }

  #forget(id: string): void {
    for (const { workers } of this.builds.values()) workers.delete(id);
  }
}

/** What the agent answers when it does not do what it is asked to. */
export function refusal(
  method: MethodName,
  code: RpcFailure["code"],
): RpcFailureError {
  return new RpcFailureError(method, {
    code: -32000,
    message: code,
    data: { code, detail: "console\x1b[2J" },
  });
}
