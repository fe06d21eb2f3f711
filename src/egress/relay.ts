/**
 * Carries bytes between a worker's stream and the connection that was dialed
 * for it, and counts them.
 *
 * @module
 */

import type { ByteStream } from "../shared/rpc/credit_stream.ts";
import { writeAll } from "../shared/rpc/write_all.ts";
import type { HostConnection } from "./proxy_connection.ts";

/** Told of every block of bytes that was carried. */
export interface ByteCounter {
  countToHost(bytes: number): void;
  countFromHost(bytes: number): void;
}

/** Decides how many bytes pass, and when. */
export interface Gate {
  /** How many of so many bytes may pass; fewer if nothing is left then. */
  admit(bytes: number, signal: AbortSignal): Promise<number>;
  /** What was left has passed. */
  end(): void;
}

/** Large enough for the speed of a local mirror, small for 256 connections. */
const BLOCK_BYTES = 64 * 1024;

class Relay {
  readonly #connection: HostConnection;
  readonly #counter: ByteCounter;
  readonly #gate: Gate;
  readonly #ended = new AbortController();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #isOpen = true;
  /** Whether the host takes what the worker sends. */
  #isHeard = true;
  /** Whether the host has sent all that it will. */
  #isAnswered = false;

  constructor(
    connection: HostConnection,
    worker: ByteStream,
    counter: ByteCounter,
    gate: Gate,
  ) {
    this.#gate = gate;
    this.#connection = connection;
    this.#counter = counter;
    this.#reader = worker.readable.getReader();
    this.#writer = worker.writable.getWriter();
    // Failures arrive at the operations, too.
    this.#reader.closed.catch(() => {});
    this.#writer.closed.catch(() => {});
    this.#writer.ready.catch(() => {});
  }

  async run(): Promise<void> {
    const end = () => this.end();
    await Promise.all([this.#toHost().catch(end), this.#fromHost().catch(end)]);
    this.end();
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#ended.abort();
    this.#connection.close();
    this.#reader.cancel("connection ended").catch(() => {});
    this.#writer.abort("connection ended").catch(() => {});
  }

  async #toHost(): Promise<void> {
    while (true) {
      const { done, value } = await this.#reader.read();
      if (this.#isHeard) await this.#send(value);
      if (done) return;
    }
  }

  /** Sends a block, or the end of what the worker sends. */
  async #send(block: Uint8Array | undefined): Promise<void> {
    const admitted = block && await this.#admit(block);
    try {
      if (admitted === undefined) return await this.#connection.closeWrite();
      await writeAll(this.#connection, admitted);
      this.#counter.countToHost(admitted.length);
      if (admitted.length < block!.length) this.#gate.end();
    } catch {
      // The rest is dropped: the host's answer may be on its way to the worker.
      this.#isHeard = false;
      if (this.#isAnswered) this.end();
    }
  }

  /** The part of a block that may pass, once it may. */
  async #admit(block: Uint8Array): Promise<Uint8Array> {
    const bytes = await this.#gate.admit(block.length, this.#ended.signal);
    return block.subarray(0, bytes);
  }

  async #fromHost(): Promise<void> {
    const buffer = new Uint8Array(BLOCK_BYTES);
    while (true) {
      const length = await this.#connection.read(buffer);
      if (length === null) break;
      const block = await this.#admit(buffer.subarray(0, length));
      this.#counter.countFromHost(block.length);
      await this.#writer.ready;
      await this.#writer.write(block.slice());
      if (block.length < length) this.#gate.end();
    }
    await this.#writer.close();
    this.#isAnswered = true;
    if (!this.#isHeard) this.end();
  }
}

export interface RelayOptions {
  counter: ByteCounter;
  gate: Gate;
  signal?: AbortSignal;
}

/**
 * Carries bytes both ways until both directions ended; the end of one does not
 * end the other. A reset by either side, or the signal, ends both. Never rejects.
 */
export async function relay(
  connection: HostConnection,
  worker: ByteStream,
  { counter, gate, signal }: RelayOptions,
): Promise<void> {
  const relay = new Relay(connection, worker, counter, gate);
  const end = () => relay.end();
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  await relay.run();
  signal?.removeEventListener("abort", end);
}
