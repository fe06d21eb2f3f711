/**
 * One end of a byte stream with credit windows, whatever carries it.
 *
 * @module
 */

import { ByteQueue } from "./byte_queue.ts";
import { quoteVisibly } from "../visible_text.ts";
import { ChannelError, violation } from "./channel_error.ts";
import { MAX_REASON_BYTES } from "./frame.ts";

/** Bytes that may be on their way in each direction of a stream. */
export const STREAM_WINDOW = 256 * 1024;

/** Largest piece sent at once, so that streams take turns. */
export const PIECE_BYTES = 64 * 1024;

/** Bytes read before the sender is told: a quarter keeps it from waiting. */
const CREDIT_STEP = STREAM_WINDOW / 4;

/** How one end reaches the other. */
export interface StreamLink {
  /** Resolves when the piece was copied and the next one may follow. */
  sendData(piece: Uint8Array): Promise<void>;
  sendCredit(bytes: number): void;
  sendEnd(): void;
  sendReset(reason: string): void;
  /** Both directions have ended. */
  onDone(): void;
}

/** Both directions of a byte stream. */
export interface ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A reason short enough for a frame; errors keep their details to themselves. */
function reasonText(reason: unknown, otherwise: string): string {
  const text = typeof reason === "string" ? reason : otherwise;
  const bytes = new Uint8Array(MAX_REASON_BYTES);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}

/**
 * The state of one end. The `receive*` methods take what the other end sent
 * and throw a ChannelError if it broke the rules.
 */
export class CreditStream implements ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #link: StreamLink;
  readonly #queue = new ByteQueue();
  #reader!: ReadableStreamDefaultController<Uint8Array>;
  #writer!: WritableStreamDefaultController;
  /** The consumer of `readable` waits for a chunk. */
  #wanted = false;
  /** Bytes that the peer may still send. */
  #receiveWindow = STREAM_WINDOW;
  /** Bytes read that the peer was not told of. */
  #unacknowledged = 0;
  /** Bytes that may still be sent. */
  #sendWindow = STREAM_WINDOW;
  #creditArrived: PromiseWithResolvers<void> | undefined;
  #receivedEnd = false;
  #sentEnd = false;
  #failure: Error | undefined;

  constructor(link: StreamLink) {
    this.#link = link;
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#reader = controller;
      },
      pull: () => {
        this.#wanted = true;
        this.#deliver();
      },
      cancel: (reason) => this.#cancel(reason),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream({
      start: (controller) => {
        this.#writer = controller;
        const { signal } = controller;
        // `abort` of the sink waits for a write under way; this does not.
        signal.addEventListener("abort", () => {
          this.reset(reasonText(signal.reason, "aborted"));
        });
      },
      write: (chunk) => this.#send(chunk),
      close: () => this.#end(),
    });
  }

  /** Whether it was given up, by either side. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  get #done(): boolean {
    return this.#receivedEnd && this.#sentEnd;
  }

  /** Gives up both directions; both ends see an error. */
  reset(reason: string): void {
    if (this.failed || this.#done) return;
    const text = reasonText(reason, "");
    this.fail(
      new ChannelError("stream-reset", `Stream was given up: "${text}"`),
    );
    this.#link.sendReset(text);
  }

  /** Ends both directions with an error, without telling the peer. */
  fail(error: Error): void {
    if (this.failed || this.#done) return;
    this.#failure = error;
    this.#creditArrived?.resolve();
    // An aborted sink is on its way to its own error.
    if (!this.#writer.signal.aborted) this.#writer.error(error);
    // What was followed by an end is complete and stays readable.
    if (this.#receivedEnd) return;
    this.#queue.clear();
    this.#reader.error(error);
  }

  receiveData(bytes: Uint8Array): void {
    if (this.#receivedEnd) throw violation("Received data after its end");
    if (bytes.length > this.#receiveWindow) {
      throw violation("Received more data than was allowed");
    }
    this.#receiveWindow -= bytes.length;
    if (this.failed) return;
    this.#queue.push(bytes);
    this.#deliver();
  }

  receiveCredit(bytes: number): void {
    if (bytes < 1 || this.#sendWindow + bytes > STREAM_WINDOW) {
      throw violation(`Received a credit of ${bytes} bytes beyond the window`);
    }
    this.#sendWindow += bytes;
    this.#creditArrived?.resolve();
  }

  receiveEnd(): void {
    if (this.#receivedEnd) throw violation("Received a second end");
    this.#receivedEnd = true;
    if (this.failed) return;
    if (this.#queue.length === 0) this.#reader.close();
    if (this.#sentEnd) this.#link.onDone();
  }

  receiveReset(reason: string): void {
    this.fail(
      new ChannelError(
        "stream-reset",
        `Stream was given up by the peer: ${quoteVisibly(reason)}`,
      ),
    );
  }

  #deliver(): void {
    if (!this.#wanted) return;
    const chunk = this.#queue.shift();
    if (chunk === undefined) return;
    this.#wanted = false;
    this.#reader.enqueue(chunk);
    if (this.#receivedEnd) {
      if (this.#queue.length === 0) this.#reader.close();
      return;
    }
    this.#unacknowledged += chunk.length;
    if (this.#unacknowledged < CREDIT_STEP) return;
    this.#receiveWindow += this.#unacknowledged;
    this.#link.sendCredit(this.#unacknowledged);
    this.#unacknowledged = 0;
  }

  #cancel(reason: unknown): void {
    this.#queue.clear();
    if (!this.#receivedEnd) this.reset(reasonText(reason, "cancelled"));
  }

  async #send(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.length > 0;) {
      while (this.#sendWindow === 0 && !this.failed) {
        this.#creditArrived = Promise.withResolvers();
        await this.#creditArrived.promise;
      }
      // Nothing may come between this check and sending: no data after a reset.
      if (this.#failure) throw this.#failure;
      const length = Math.min(rest.length, this.#sendWindow, PIECE_BYTES);
      this.#sendWindow -= length;
      await this.#link.sendData(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    if (this.#failure) throw this.#failure;
  }

  #end(): void {
    this.#sentEnd = true;
    this.#link.sendEnd();
    if (this.#receivedEnd) this.#link.onDone();
  }
}
