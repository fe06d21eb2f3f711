/**
 * A worker's DNS server, over UDP and TCP, at its gateway's address.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { writeAll } from "../../src/shared/rpc/write_all.ts";
import {
  answerQuery,
  MAX_QUESTION_BYTES,
  type NameService,
} from "./dns_answer.ts";

/** TCP connections at the same time; more are closed at once. */
const MAX_CONNECTIONS = 16;

/** Questions over UDP that are being answered; more are dropped. */
const MAX_ANSWERING = 64;

/** How long a TCP connection may take for one question. */
const CONNECTION_SECONDS = 10;

export interface DnsServerOptions {
  address: string;
  port?: number;
  /** The only address that is answered. */
  client: string;
  names: NameService;
}

/** Answers one worker. */
export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #udp: Socket;
  readonly #tcp: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  #answering = 0;
  #closed = false;

  private constructor(
    options: DnsServerOptions,
    udp: Socket,
    tcp: Deno.TcpListener,
  ) {
    this.#options = options;
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on("message", (message, from) => {
      if (from.address !== options.client) return;
      this.#answerDatagram(message, from);
    });
    // Sending to a worker that is gone fails; the next question may work.
    udp.on("error", () => {});
    this.#accept();
  }

  /** Starts a server; without a port it takes the one of DNS. */
  static async start(options: DnsServerOptions): Promise<DnsServer> {
    const tcp = Deno.listen({
      hostname: options.address,
      port: options.port ?? 53,
    });
    const udp = createSocket("udp4");
    try {
      udp.bind(tcp.addr.port, options.address);
      await once(udp, "listening");
    } catch (error) {
      tcp.close();
      udp.close();
      throw error;
    }
    return new DnsServer(options, udp, tcp);
  }

  /** The port of both protocols. */
  get port(): number {
    return this.#tcp.addr.port;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#tcp.close();
    for (const connection of this.#connections) close(connection);
    const closed = once(this.#udp, "close");
    this.#udp.close();
    await closed;
  }

  async #answerDatagram(
    message: Uint8Array,
    from: { port: number; address: string },
  ): Promise<void> {
    if (this.#answering >= MAX_ANSWERING) return;
    this.#answering++;
    try {
      const answer = await this.#answer(message);
      if (answer !== undefined) this.#udp.send(answer, from.port, from.address);
    } catch (error) {
      // A worker asks again; one that is gone needs no answer.
      if (!this.#closed) console.error("cannot answer a name:", error);
    } finally {
      this.#answering--;
    }
  }

  #answer(message: Uint8Array): Promise<Uint8Array | undefined> {
    return answerQuery(message, this.#options.names);
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#tcp) {
        if (
          connection.remoteAddr.hostname !== this.#options.client ||
          this.#connections.size >= MAX_CONNECTIONS
        ) {
          close(connection);
          continue;
        }
        this.#connections.add(connection);
        this.#serve(connection);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  /** Each message is preceded by its length, by RFC 1035, 4.2.2. */
  async #serve(connection: Deno.TcpConn): Promise<void> {
    const timer = setTimeout(
      () => close(connection),
      CONNECTION_SECONDS * 1000,
    );
    try {
      while (true) {
        const head = await readExactly(connection, 2);
        if (head === undefined) break;
        const size = new DataView(head.buffer).getUint16(0);
        // One byte too many is enough to know that it is no question.
        const message = await readExactly(
          connection,
          Math.min(size, MAX_QUESTION_BYTES + 1),
        );
        if (message === undefined) break;
        const answer = await this.#answer(message);
        if (answer === undefined) break;
        const reply = new Uint8Array(2 + answer.byteLength);
        new DataView(reply.buffer).setUint16(0, answer.byteLength);
        reply.set(answer, 2);
        await writeAll(connection, reply);
      }
    } catch {
      // The worker broke the connection, or was too slow.
    } finally {
      clearTimeout(timer);
      this.#connections.delete(connection);
      close(connection);
    }
  }
}

async function readExactly(
  connection: Deno.TcpConn,
  size: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const read = await connection.read(bytes.subarray(filled));
    if (read === null) return undefined;
    filled += read;
  }
  return bytes;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
