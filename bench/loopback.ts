/**
 * A server, a client and a copy loop on loopback, for figures on what stands
 * between a client and a server.
 *
 * @module
 */

import { writeAll } from "../src/shared/rpc/write_all.ts";

export const LOOPBACK = "127.0.0.1";

const BLOCK = new Uint8Array(64 * 1024).fill(0x61);

/** How a server deals with a connection; it is closed afterwards. */
export type Serve = (connection: Deno.TcpConn) => Promise<void>;

/** A listener and what it does with connections. */
export class Server implements Disposable {
  readonly #listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  serve: Serve;

  constructor(serve: Serve) {
    this.serve = serve;
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.serve(connection).finally(() => close(connection));
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}

/** Connects to a port on loopback, and closes the connection afterwards. */
export async function withConnection(
  address: string,
  port: number,
  use: (connection: Deno.TcpConn) => Promise<void>,
): Promise<void> {
  const connection = await Deno.connect({ hostname: address, port });
  try {
    // Many small messages are what figures on latency are about.
    connection.setNoDelay(true);
    await use(connection);
  } finally {
    close(connection);
  }
}

/** Reads to the end; gives the number of bytes. */
export async function drain(connection: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(BLOCK.length);
  let total = 0;
  for (;;) {
    const size = await connection.read(buffer);
    if (size === null) return total;
    total += size;
  }
}

/** Sends so many bytes of no meaning. */
export async function send(
  connection: Deno.TcpConn,
  bytes: number,
): Promise<void> {
  for (let left = bytes; left > 0; left -= BLOCK.length) {
    await writeAll(connection, BLOCK.subarray(0, Math.min(left, BLOCK.length)));
  }
}

/** Copies both ways between a connection and a port, and checks nothing. */
export function copyTo(port: number): Serve {
  return (connection) =>
    withConnection(LOOPBACK, port, async (upstream) => {
      await Promise.all([
        copy(connection, upstream),
        copy(upstream, connection),
      ]);
    });
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(BLOCK.length);
  for (;;) {
    const size = await from.read(buffer);
    if (size === null) return await to.closeWrite();
    await writeAll(to, buffer.subarray(0, size));
  }
}
