/**
 * A proxy on loopback that connects by CONNECT, and keeps what it was asked.
 *
 * @module
 */

import { writeAll } from "../../shared/rpc/write_all.ts";
import { testIdentity } from "./tls_identity.ts";

type Connection = Deno.TcpConn | Deno.TlsConn;

/** What a proxy is to do; by default it connects. */
export interface ProxyBehaviour {
  /** Where a `HOST:PORT` is; all else is answered with 502. */
  places?: Record<string, number>;
  /** What it says instead of connecting. */
  says?: string;
  /** Whether it says nothing at all. */
  isSilent?: boolean;
  tls?: boolean;
}

/** A running proxy. */
export class ConnectProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener | Deno.TlsListener;
  readonly #accepting: Promise<void>;
  readonly #open = new Set<Connection>();
  readonly #behaviour: ProxyBehaviour;
  /** Heads of the requests so far. */
  readonly requests: string[] = [];

  constructor(behaviour: ProxyBehaviour = {}) {
    this.#behaviour = behaviour;
    const address = { hostname: "127.0.0.1", port: 0 };
    this.#listener = behaviour.tls
      ? Deno.listenTls({ ...address, ...testIdentity })
      : Deno.listen(address);
    this.#accepting = this.#accept();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const served: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      served.push(
        this.#serve(connection).catch(() => {}).finally(() =>
          close(connection)
        ),
      );
    }
    await Promise.all(served);
  }

  async #serve(connection: Connection): Promise<void> {
    const head = await readHead(connection);
    this.requests.push(head);
    const { places, says, isSilent } = this.#behaviour;
    if (isSilent) return void await connection.read(new Uint8Array(1));
    if (says !== undefined) return await write(connection, says);
    const [, target = ""] = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head) ?? [];
    const port = places?.[target];
    if (port === undefined) {
      return await write(connection, "HTTP/1.1 502 Bad Gateway\r\n\r\n");
    }
    const host = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#open.add(host);
    await write(connection, "HTTP/1.1 200 Connected\r\nVia: test\r\n\r\n");
    await Promise.all([copy(connection, host), copy(host, connection)]);
  }
}

/** Copies up to the end of one direction; the other may go on. */
export async function copy(from: Connection, to: Connection): Promise<void> {
  const buffer = new Uint8Array(1024);
  for (;;) {
    const size = await from.read(buffer);
    if (size === null) return await to.closeWrite();
    await writeAll(to, buffer.subarray(0, size));
  }
}

async function readHead(connection: Connection): Promise<string> {
  let head = "";
  const buffer = new Uint8Array(1024);
  while (!head.endsWith("\r\n\r\n")) {
    const size = await connection.read(buffer);
    if (size === null) throw new Error("the client hung up");
    head += new TextDecoder().decode(buffer.subarray(0, size));
  }
  return head;
}

function write(connection: Connection, text: string): Promise<void> {
  return writeAll(connection, new TextEncoder().encode(text));
}

function close(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
