/**
 * A server on loopback that keeps everything it receives: the observer of what
 * leaves a worker.
 *
 * @module
 */

const decoder = new TextDecoder();

/** A connection to a canary. */
export class CanaryConnection {
  readonly #connection: Deno.TcpConn;
  readonly #received: Uint8Array[] = [];
  #bytes = 0;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Number of bytes received so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What was received, the first MiB of it. */
  get text(): string {
    return this.#received.map((piece) => decoder.decode(piece)).join("");
  }

  /** The next bytes; null at the end. */
  async read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(64 * 1024);
    const size = await this.#connection.read(buffer);
    if (size === null) return null;
    const piece = buffer.subarray(0, size);
    if (this.#bytes < 1024 ** 2) this.#received.push(piece);
    this.#bytes += size;
    return piece;
  }

  /** Reads until the text has come; false if the connection ends before. */
  async readUntil(mark: string): Promise<boolean> {
    let text = "";
    while (!text.endsWith(mark)) {
      const piece = await this.read();
      if (piece === null) return false;
      text += decoder.decode(piece);
    }
    return true;
  }

  async write(data: string | Uint8Array): Promise<void> {
    let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#connection.write(rest));
    }
  }

  close(): void {
    try {
      this.#connection.close();
    } catch {
      // Closed already, by the test's end.
    }
  }
}

/** How a canary answers; the connection is closed when it has. */
export type Serve = (connection: CanaryConnection) => Promise<void>;

export class Canary implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #served: Promise<void>[] = [];
  readonly #accepting: Promise<void>;
  /** All connections so far. */
  readonly connections: CanaryConnection[] = [];

  constructor(readonly serve: Serve) {
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Number of bytes received on all connections. */
  get bytes(): number {
    return this.connections.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get text(): string {
    return this.connections.map(({ text }) => text).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.connections) connection.close();
    await this.#accepting;
    await Promise.all(this.#served);
  }

  async #accept(): Promise<void> {
    for await (const accepted of this.#listener) {
      const connection = new CanaryConnection(accepted);
      this.connections.push(connection);
      this.#served.push(
        this.serve(connection)
          // The other side may go away at any time.
          .catch(() => {})
          .finally(() => connection.close()),
      );
    }
  }
}
