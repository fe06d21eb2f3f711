import { AgentError } from "./agent_error.ts";
import type { Channel } from "./channel.ts";
import { violation } from "./channel_error.ts";
import {
  hostMessageSchema,
  JsonRpcErrorCode,
  MAX_ERROR_MESSAGE,
  type Request,
  type ResponseError,
} from "./json_rpc.ts";
import {
  type MethodName,
  type MethodParams,
  type MethodResult,
  methods,
  RpcErrorCode,
  type RpcFailure,
} from "./protocol.ts";

/** Requests of one connection that may be under way at the same time. */
export const MAX_REQUESTS = 64;

/** Longest detail that the protocol allows. */
const MAX_DETAIL = 64_000;

export interface MethodContext {
  /** Aborted when the host cancels the request or the channel ends. */
  signal: AbortSignal;
}

/** What serves each method. */
export type MethodHandlers = {
  [M in MethodName]: (
    params: MethodParams<M>,
    context: MethodContext,
  ) => Promise<MethodResult<M>>;
};

export interface MethodServerOptions {
  /** Called once the channel has ended and all signals are aborted. */
  onClose?: () => void;
  /** Told of failures that no AgentError explains. */
  onInternalError?: (method: MethodName, error: unknown) => void;
  maxRequests?: number;
}

/** The agent's methods on one channel. */
export interface MethodServer {
  /** Takes a message of the host; the channel's `onMessage` calls it. */
  receive(message: unknown): void;
}

function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

function failed(code: RpcFailure["code"], message: string, detail?: string) {
  const data: RpcFailure = detail === undefined
    ? { code }
    : { code, detail: detail.slice(-MAX_DETAIL) };
  return { code: RpcErrorCode.failed, message, data };
}

class Server implements MethodServer {
  readonly #channel: Channel;
  readonly #handlers: MethodHandlers;
  readonly #options: MethodServerOptions;
  readonly #running = new Map<string, AbortController>();

  constructor(
    channel: Channel,
    handlers: MethodHandlers,
    options: MethodServerOptions,
  ) {
    this.#channel = channel;
    this.#handlers = handlers;
    this.#options = options;
    channel.closed.then((error) => {
      for (const request of this.#running.values()) request.abort(error);
      options.onClose?.();
    });
  }

  receive(message: unknown): void {
    const parsed = hostMessageSchema.safeParse(message);
    if (!parsed.success) {
      return this.#channel.fail(violation("Received what is not a request"));
    }
    if ("id" in parsed.data) this.#start(parsed.data);
    else this.#running.get(parsed.data.params.id)?.abort();
  }

  #start({ id, method, params }: Request): void {
    const { maxRequests = MAX_REQUESTS } = this.#options;
    if (this.#running.has(id)) {
      return this.#channel.fail(violation("Received a request's id again"));
    }
    if (!isMethodName(method)) {
      const { methodNotFound } = JsonRpcErrorCode;
      return this.#refuse(id, {
        code: methodNotFound,
        message: `There is no method "${method}"`,
      });
    }
    const parsed = methods[method].params.safeParse(params);
    if (!parsed.success) {
      return this.#refuse(id, {
        code: JsonRpcErrorCode.invalidParams,
        message: parsed.error.message,
      });
    }
    if (this.#running.size >= maxRequests) {
      const message = `More than ${maxRequests} requests are under way`;
      return this.#refuse(id, failed("busy", message));
    }
    this.#serve(id, method, parsed.data);
  }

  async #serve(id: string, method: MethodName, params: unknown): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, abort);
    const handler = this.#handlers[method] as (
      params: unknown,
      context: MethodContext,
    ) => Promise<unknown>;
    try {
      const result = await handler(params, { signal: abort.signal });
      this.#channel.send({ jsonrpc: "2.0", id, result });
    } catch (error) {
      this.#refuse(id, this.#explain(method, error, abort.signal));
    } finally {
      this.#running.delete(id);
    }
  }

  #explain(
    method: MethodName,
    error: unknown,
    signal: AbortSignal,
  ): ResponseError {
    if (signal.aborted) {
      return { code: RpcErrorCode.cancelled, message: "Cancelled" };
    }
    if (error instanceof AgentError) {
      return failed(error.code, error.message, error.detail);
    }
    this.#options.onInternalError?.(method, error);
    return failed("internal", "Internal error", String(error));
  }

  #refuse(id: string, { message, ...error }: ResponseError): void {
    this.#channel.send({
      jsonrpc: "2.0",
      id,
      error: { ...error, message: message.slice(0, MAX_ERROR_MESSAGE) },
    });
  }
}

/** Serves the agent's methods to the host at the other end of the channel. */
export function serveMethods(
  channel: Channel,
  handlers: MethodHandlers,
  options: MethodServerOptions = {},
): MethodServer {
  return new Server(channel, handlers, options);
}
