import { EnvironmentError } from "../../shared/errors.ts";
import { Channel, type ChannelStream } from "../../shared/rpc/channel.ts";
import { discardUntilGreeting, prepend } from "../../shared/rpc/greeting.ts";
import {
  type AgentClient,
  type CallOptions,
  createAgentClient,
} from "../../shared/rpc/peer.ts";
import {
  type MethodName,
  type MethodParams,
  type MethodResult,
  PROTOCOL_VERSION,
  type StreamPurpose,
  streamPurposeSchema,
} from "../../shared/rpc/protocol.ts";

/** How long one attempt waits for the greeting of the manager's relay. */
const GREETING_ATTEMPT_MS = 5_000;
const RETRY_MS = 250;

/** How long the agent may take to end a log once it answered for the step. */
const LOG_DRAIN_MS = 10_000;

export type EgressPurpose = Extract<StreamPurpose, { kind: "egress" }>;
export type WorkerStep = MethodParams<"worker.run">["step"];

export interface ConnectOptions {
  /** Path of the RPC port's socket. */
  socket: string;
  /** The manager may still be booting. */
  timeoutMs: number;
  onEgress: (purpose: EgressPurpose, stream: ChannelStream) => void;
  signal: AbortSignal;
}

/** The output of a step under way. */
interface Log {
  sink: (bytes: Uint8Array) => Promise<void>;
  ended: PromiseWithResolvers<void>;
}

/** A connection to the agent in the manager, through one RPC port. */
export class AgentSession {
  readonly #channel: Channel;
  readonly #client: AgentClient;
  readonly #logs = new Map<string, Log>();
  /**
   * Answers cannot be forged by bytes that an earlier connection left on the
   * way, streams could be: they are refused until the first answer is there.
   */
  #greeted = false;

  private constructor(
    connection: Deno.Conn,
    leftover: Uint8Array,
    onEgress: ConnectOptions["onEgress"],
  ) {
    this.#channel = new Channel({
      readable: prepend(leftover, connection.readable),
      writable: connection.writable,
    }, {
      side: "host",
      onMessage: (message) => this.#client.receive(message),
      onStream: (purpose, stream) => {
        const parsed = streamPurposeSchema.safeParse(purpose);
        if (!parsed.success || !this.#greeted) stream.reset("unknown purpose");
        else if (parsed.data.kind === "egress") onEgress(parsed.data, stream);
        else this.#receiveLog(parsed.data.worker, stream);
      },
    });
    this.#client = createAgentClient(this.#channel);
  }

  /**
   * Connects once the manager's relay greets. The agent's protocol may be
   * another than ours: then nothing else may be asked of it.
   *
   * @throws {EnvironmentError} `manager-silent` if it does not in time
   */
  static async connect(options: ConnectOptions): Promise<{
    session: AgentSession;
    hello: MethodResult<"manager.hello">;
  }> {
    const patience = AbortSignal.timeout(options.timeoutMs);
    const signal = AbortSignal.any([options.signal, patience]);
    try {
      for (;;) {
        const session = await tryConnect({ ...options, signal });
        if (session !== undefined) {
          return { session, hello: await session.#hello(signal) };
        }
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    } catch (error) {
      options.signal.throwIfAborted();
      if (!patience.aborted) throw error;
      throw new EnvironmentError(
        "manager-silent",
        "The manager VM runs, but its agent does not answer",
        {
          hint:
            "See `contractor manager logs`, then try `contractor manager stop --force`",
        },
      );
    }

    async function tryConnect({ socket, onEgress, signal }: ConnectOptions) {
      const attempt = AbortSignal.any([
        signal,
        AbortSignal.timeout(GREETING_ATTEMPT_MS),
      ]);
      let connection: Deno.Conn | undefined;
      try {
        connection = await Deno.connect({ transport: "unix", path: socket });
        const leftover = await discardUntilGreeting(connection.readable, {
          signal: attempt,
        });
        return new AgentSession(connection, leftover, onEgress);
      } catch {
        closeQuietly(connection);
        return undefined;
      }
    }
  }

  async #hello(signal: AbortSignal): Promise<MethodResult<"manager.hello">> {
    try {
      const answer = await this.call("manager.hello", {
        protocol: PROTOCOL_VERSION,
      }, { signal });
      this.#greeted = true;
      return answer;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  call<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    options?: CallOptions,
  ): Promise<MethodResult<M>> {
    return this.#client.call(method, params, options);
  }

  /**
   * Runs a step in a worker and hands on what it prints, all of it before this
   * returns. An error of the sink ends the step.
   *
   * @returns the step's exit status, as the worker tells it
   */
  async runStep(
    worker: string,
    step: WorkerStep,
    sink: (bytes: Uint8Array) => Promise<void>,
    signal: AbortSignal,
  ): Promise<number> {
    const log: Log = { sink, ended: Promise.withResolvers() };
    log.ended.promise.catch(() => {});
    this.#logs.set(worker, log);
    const failed = new AbortController();
    log.ended.promise.catch((error) => failed.abort(error));
    try {
      const { exitCode } = await this.call("worker.run", { worker, step }, {
        signal: AbortSignal.any([signal, failed.signal]),
      });
      await withTimeout(log.ended.promise, LOG_DRAIN_MS);
      return exitCode;
    } finally {
      this.#logs.delete(worker);
    }
  }

  /** Resolves when the connection has ended, with the error if it broke. */
  get closed(): Promise<Error | undefined> {
    return this.#channel.closed;
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  async #receiveLog(worker: string, stream: ChannelStream): Promise<void> {
    const log = this.#logs.get(worker);
    if (log === undefined) return stream.reset("no step runs");
    try {
      stream.writable.close().catch(() => {});
      for await (const bytes of stream.readable) await log.sink(bytes);
      log.ended.resolve();
    } catch (error) {
      stream.reset("the log ended");
      log.ended.reject(error);
    }
  }
}

function closeQuietly(connection: Deno.Conn | undefined): void {
  try {
    connection?.close();
  } catch {
    // A cancelled stream has closed it already.
  }
}

async function withTimeout(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
