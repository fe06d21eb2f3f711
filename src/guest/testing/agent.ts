/**
 * An agent for tests: it serves methods at a unix socket, as the manager does
 * at an RPC port.
 *
 * @module
 */

import { Channel } from "../../shared/rpc/channel.ts";
import {
  AgentError,
  type MethodHandlers,
  type MethodServer,
  serveMethods,
} from "../../shared/rpc/peer.ts";
import {
  GREETING,
  methods,
  PROTOCOL_VERSION,
} from "../../shared/rpc/protocol.ts";

/** How a test's agent differs from one that only says hello. */
export interface TestAgentOptions {
  /** What serves its methods. */
  handlers?: (channel: Channel) => Partial<MethodHandlers>;
  /** Bytes before the greeting, as an earlier connection may leave them. */
  before?: Uint8Array;
  /** Whether it greets at all. */
  greets?: boolean;
  /** Called as soon as there is a channel. */
  onConnect?: (channel: Channel) => void;
}

export const hello = {
  protocol: PROTOCOL_VERSION,
  version: "0123abcd",
  builds: 0,
};

/** Serves every connection to a socket until it is stopped. */
export class TestAgent implements AsyncDisposable {
  readonly #listener: Deno.UnixListener;
  readonly #options: TestAgentOptions;
  readonly #channels: Channel[] = [];
  readonly #connections: Deno.UnixConn[] = [];
  readonly #served: Promise<void>;

  constructor(readonly socket: string, options: TestAgentOptions = {}) {
    this.#options = options;
    this.#listener = Deno.listen({ transport: "unix", path: socket });
    this.#served = this.#serve();
  }

  /** How many connections there were. */
  get connections(): number {
    return this.#connections.length;
  }

  /** Resolves when the host has ended its latest connection. */
  async hostLeft(): Promise<void> {
    await this.#channels.at(-1)?.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#served;
    await Promise.all(this.#channels.map((channel) => channel.close()));
    for (const connection of this.#connections) closeQuietly(connection);
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.push(connection);
      const { before, greets = true } = this.#options;
      if (before !== undefined) await write(connection, before);
      if (!greets) continue;
      await write(connection, new TextEncoder().encode(GREETING));
      this.#open(connection);
    }
  }

  #open(connection: Deno.UnixConn): void {
    const { handlers, onConnect } = this.#options;
    const channel: Channel = new Channel(connection, {
      side: "agent",
      onStream: (_purpose, stream) => stream.reset("the host opens none"),
      onMessage: (message) => server.receive(message),
    });
    const server: MethodServer = serveMethods(channel, {
      ...refuseAll(),
      "manager.hello": () => Promise.resolve(hello),
      ...handlers?.(channel),
    });
    this.#channels.push(channel);
    onConnect?.(channel);
  }
}

function refuseAll(): MethodHandlers {
  const refuse = () =>
    Promise.reject(new AgentError("unknown-build", "Not in this test"));
  return Object.fromEntries(
    Object.keys(methods).map((method) => [method, refuse]),
  ) as unknown as MethodHandlers;
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await connection.write(bytes.subarray(at));
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The channel has closed it.
  }
}
