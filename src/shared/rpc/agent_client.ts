import { EnvironmentError } from "../errors.ts";
import type { Channel } from "./channel.ts";
import { ChannelError, violation } from "./channel_error.ts";
import { CANCEL_METHOD, responseSchema } from "./json_rpc.ts";
import {
  type MethodName,
  type MethodParams,
  type MethodResult,
  methods,
} from "./protocol.ts";
import { RpcFailureError } from "./rpc_failure.ts";

/** How long a cancelled request is waited for. */
export const CANCEL_GRACE_MS = 5_000;

export interface CallOptions {
  /** Asks the agent to stop; the call then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** The host's view of the agent. */
export interface AgentClient {
  /**
   * @throws {RpcFailureError} if the agent refused or failed
   * @throws {ChannelError} if the channel ended before the answer
   */
  call<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    options?: CallOptions,
  ): Promise<MethodResult<M>>;
  /** Takes a message of the agent; the channel's `onMessage` calls it. */
  receive(message: unknown): void;
}

type Response = ReturnType<typeof responseSchema.parse>;

function resultOf<M extends MethodName>(
  method: M,
  response: Response,
): MethodResult<M> {
  if ("error" in response) throw new RpcFailureError(method, response.error);
  const result = methods[method].result.safeParse(response.result);
  if (result.success) return result.data as MethodResult<M>;
  throw new EnvironmentError(
    "rpc-malformed-result",
    `The manager answered "${method}" with what is not a result of it`,
    { cause: result.error },
  );
}

class Client implements AgentClient {
  readonly #channel: Channel;
  /** Requests that the agent has not answered, cancelled ones included. */
  readonly #waiting = new Map<string, PromiseWithResolvers<Response>>();
  /**
   * Identifiers cannot be guessed: bytes that are left from an earlier
   * connection, or made up by a worker, answer no request.
   */
  readonly #prefix = crypto.randomUUID();
  #requests = 0;
  #ended: ChannelError | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.closed.then((error) => {
      this.#ended = error ??
        new ChannelError("channel-closed", "The manager closed the connection");
      for (const { reject } of this.#waiting.values()) reject(this.#ended);
      this.#waiting.clear();
    });
  }

  async call<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    { signal }: CallOptions = {},
  ): Promise<MethodResult<M>> {
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const id = `${this.#prefix}-${(this.#requests++).toString(16)}`;
    const answer = Promise.withResolvers<Response>();
    this.#channel.send({ jsonrpc: "2.0", id, method, params });
    this.#waiting.set(id, answer);
    if (signal === undefined) return resultOf(method, await answer.promise);
    return resultOf(
      method,
      await this.#untilCancelled(id, answer.promise, signal),
    );
  }

  receive(message: unknown): void {
    const parsed = responseSchema.safeParse(message);
    const waiting = parsed.success && this.#waiting.get(parsed.data.id);
    if (!waiting) {
      return this.#channel.fail(violation("Received no answer to a request"));
    }
    this.#waiting.delete(parsed.data.id);
    waiting.resolve(parsed.data);
  }

  async #untilCancelled(
    id: string,
    answer: Promise<Response>,
    signal: AbortSignal,
  ): Promise<Response> {
    const gaveUp = Promise.withResolvers<never>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const cancel = () => {
      const params = { id };
      this.#channel.send({ jsonrpc: "2.0", method: CANCEL_METHOD, params });
      timer = setTimeout(() => gaveUp.reject(signal.reason), CANCEL_GRACE_MS);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const response = await Promise.race([answer, gaveUp.promise]);
      signal.throwIfAborted();
      return response;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
    }
  }
}

/** Makes the client of the agent at the other end of the channel. */
export function createAgentClient(channel: Channel): AgentClient {
  return new Client(channel);
}
