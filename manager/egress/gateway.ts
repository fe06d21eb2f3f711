/**
 * Accepts a worker's connections to synthetic addresses, checks that what is
 * spoken is what was declared, and hands each to the host as a stream.
 *
 * @module
 */

import type { EgressRule } from "../../src/shared/network/egress_rule.ts";
import { carry, type EgressStream, type NetworkBudget } from "./carry.ts";
import {
  createInspector,
  type Inspected,
  type Refused,
} from "./inspection/inspector.ts";
import type { Endpoint } from "./link_filter.ts";

/** Connections of one worker at the same time. */
export const MAX_CONNECTIONS = 64;

/** Listeners of one worker: each takes a file descriptor. */
export const MAX_LISTENERS = 4096;

/** How long a connection may take for the first bytes that can be judged. */
const FIRST_BYTES_SECONDS = 30;

const BUFFER_BYTES = 64 * 1024;

/** Opens a stream for a connection to `host`, allowed by `rule`. */
export type OpenEgress = (rule: EgressRule, host: string) => EgressStream;

/** Where the worker may connect to. */
export interface ServedHost {
  address: string;
  host: string;
  rule: EgressRule;
}

/** What a gateway works with. */
export interface GatewayOptions {
  /** The only address that is served. */
  client: string;
  open: OpenEgress;
  budget: NetworkBudget;
  /** Told of connections that do not speak what was declared. */
  onRefused(destination: ServedHost, refused: Refused): void;
}

/** The listeners of one worker. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #listeners = new Map<string, Deno.TcpListener>();
  readonly #connections = new Set<Deno.TcpConn>();

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Whether a connection to the endpoint would be served. */
  serves(endpoint: Endpoint): boolean {
    return this.#listeners.has(keyOf(endpoint));
  }

  /** Listens for a destination; false if there are too many. */
  listen(destination: ServedHost): boolean {
    const { address, rule } = destination;
    const key = keyOf({ address, port: rule.port });
    if (this.#listeners.has(key)) return true;
    if (this.#listeners.size >= MAX_LISTENERS) return false;
    const listener = Deno.listen({ hostname: address, port: rule.port });
    this.#listeners.set(key, listener);
    this.#accept(listener, destination);
    return true;
  }

  /** Stops listening for all destinations; open connections end. */
  clear(): void {
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
    for (const connection of this.#connections) close(connection);
  }

  async #accept(
    listener: Deno.TcpListener,
    destination: ServedHost,
  ): Promise<void> {
    try {
      for await (const connection of listener) {
        if (
          connection.remoteAddr.hostname !== this.#options.client ||
          this.#connections.size >= MAX_CONNECTIONS
        ) {
          close(connection);
          continue;
        }
        this.#connections.add(connection);
        this.#serve(connection, destination);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  /** Nothing is dialed before the first bytes were judged. */
  async #serve(
    connection: Deno.TcpConn,
    destination: ServedHost,
  ): Promise<void> {
    const { open, budget, onRefused } = this.#options;
    const { rule, host } = destination;
    let stream: EgressStream | undefined;
    try {
      const inspector = createInspector(rule, host);
      const first = await withDeadline(
        connection,
        () => readFirst(connection, inspector),
      );
      if (first === undefined) return;
      if (first.refused !== undefined) {
        return onRefused(destination, first.refused);
      }
      stream = open(rule, host);
      const refused = await carry({
        connection,
        stream,
        inspector,
        first,
        budget,
      });
      if (refused !== undefined) onRefused(destination, refused);
    } catch {
      stream?.reset("The worker's connection broke");
    } finally {
      this.#connections.delete(connection);
      close(connection);
    }
  }
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}

/**
 * Reads until something may be forwarded or is refused; undefined if the
 * worker ends the connection without a word.
 */
async function readFirst(
  connection: Deno.TcpConn,
  inspector: ReturnType<typeof createInspector>,
): Promise<Inspected | undefined> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  let inspected = inspector.push(new Uint8Array(0));
  while (
    !inspected.done && inspected.refused === undefined &&
    inspected.forward.byteLength === 0
  ) {
    const size = await connection.read(buffer);
    if (size === null) {
      const refused = inspector.end();
      return refused && { forward: new Uint8Array(0), done: true, refused };
    }
    inspected = inspector.push(buffer.slice(0, size));
  }
  return inspected;
}

/** Closes the connection if the work takes too long. */
async function withDeadline<T>(
  connection: Deno.TcpConn,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(
    () => close(connection),
    FIRST_BYTES_SECONDS * 1000,
  );
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
