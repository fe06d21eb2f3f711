/**
 * A channel carries messages and byte streams between host and agent over one
 * connection. Whatever the peer sends, the worst that happens is that the
 * channel ends with a ChannelError.
 *
 * @module
 */

import { asChannelError, ChannelError, violation } from "./channel_error.ts";
import { type ByteStream, CreditStream } from "./credit_stream.ts";
import {
  type Frame,
  FrameDecoder,
  FrameType,
  MAX_MESSAGE_BYTES,
  MAX_PURPOSE_BYTES,
  MAX_STREAM_ID,
} from "./frame.ts";
import { FrameWriter } from "./frame_writer.ts";
import { encodeJsonBytes, parseJsonBytes } from "./json_bytes.ts";

export { ChannelError } from "./channel_error.ts";

/** Streams that each side may have opened at the same time. */
export const MAX_STREAMS = 256;

/** How long `close` waits for the peer to take what was sent. */
const FLUSH_MS = 1_000;

const emptyPayload = new Uint8Array();

/** A connection, such as a `Deno.Conn`. */
export type Transport = ByteStream;

/**
 * A byte stream of a channel. It is open until both directions have ended, so
 * close `writable` even where nothing is written. To cancel `readable` or to
 * abort `writable` gives up both directions.
 */
export interface ChannelStream extends ByteStream {
  /** Gives up both directions; both sides see an error. */
  reset(reason: string): void;
}

export interface ChannelOptions {
  side: "host" | "agent";
  /** Handed each message of the peer, unchecked. */
  onMessage(message: unknown): void;
  /** Handed each stream that the peer opens, its purpose unchecked. */
  onStream(purpose: unknown, stream: ChannelStream): void;
  /** Streams that each side may have opened at the same time. */
  maxStreams?: number;
}

/** Whether the side of this parity chose the identifier: 1 host, 0 agent. */
function isOfParity(stream: number, parity: number): boolean {
  return stream % 2 === parity;
}

export class Channel {
  readonly #options: ChannelOptions;
  readonly #maxStreams: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #frames: FrameWriter;
  /** Streams that are open, and those given up until the peer agreed. */
  readonly #streams = new Map<number, CreditStream>();
  readonly #ourParity: number;
  #nextStream: number;
  #lastPeerStream = 0;
  #ended = false;
  readonly #closed = Promise.withResolvers<ChannelError | undefined>();

  constructor(transport: Transport, options: ChannelOptions) {
    this.#options = options;
    this.#maxStreams = options.maxStreams ?? MAX_STREAMS;
    this.#ourParity = options.side === "host" ? 1 : 0;
    this.#nextStream = options.side === "host" ? 1 : 2;
    this.#reader = transport.readable.getReader();
    this.#frames = new FrameWriter(transport.writable);
    this.#frames.finished.catch((cause) => this.#finish(asChannelError(cause)));
    this.#receive();
  }

  /**
   * Resolves when the channel has ended: with the error, or with undefined
   * after `close` of either side. The connection is closed then.
   */
  get closed(): Promise<ChannelError | undefined> {
    return this.#closed.promise;
  }

  /**
   * Sends a message; it is dropped if the channel has ended.
   *
   * @throws {ChannelError} if it is too long, which leaves the channel as it is
   */
  send(message: unknown): void {
    this.#sendControl({
      type: FrameType.message,
      stream: 0,
      payload: encodeJsonBytes(message, MAX_MESSAGE_BYTES),
    });
  }

  /**
   * Opens a stream to the peer.
   *
   * @throws {ChannelError} if too many are open or the channel has ended
   */
  openStream(purpose: unknown): ChannelStream {
    if (this.#ended) throw closedError();
    if (this.#count(this.#ourParity) >= this.#maxStreams) {
      throw new ChannelError(
        "channel-limit",
        `Cannot open a stream: ${this.#maxStreams} are open`,
      );
    }
    const id = this.#nextStream;
    if (id > MAX_STREAM_ID) {
      throw new ChannelError("channel-limit", "The channel is out of streams");
    }
    const payload = encodeJsonBytes(purpose, MAX_PURPOSE_BYTES);
    this.#nextStream += 2;
    const stream = this.#addStream(id);
    this.#sendControl({ type: FrameType.open, stream: id, payload });
    return stream;
  }

  /** Ends the channel; messages already sent still reach a peer that reads. */
  async close(): Promise<void> {
    if (!this.#ended) {
      this.#endStreams(closedError());
      this.#frames.end();
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, FLUSH_MS);
      await Promise.race([this.#frames.finished.catch(() => {}), late.promise]);
      clearTimeout(timer);
      this.#release(undefined);
    }
    await this.closed;
  }

  /** Ends the channel because of what a message said. */
  fail(error: ChannelError): void {
    this.#finish(error);
  }

  #finish(error: ChannelError | undefined): void {
    if (this.#ended) return;
    this.#endStreams(error ?? closedError());
    this.#release(error);
  }

  #endStreams(error: ChannelError): void {
    this.#ended = true;
    for (const stream of this.#streams.values()) stream.fail(error);
    this.#streams.clear();
  }

  #release(error: ChannelError | undefined): void {
    this.#frames.abort(error);
    this.#reader.cancel(error).catch(() => {});
    this.#closed.resolve(error);
  }

  async #receive(): Promise<void> {
    const decoder = new FrameDecoder();
    try {
      while (!this.#ended) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        for (const frame of decoder.push(value)) {
          if (this.#ended) return;
          this.#dispatch(frame);
        }
      }
      decoder.finish();
      this.#finish(undefined);
    } catch (error) {
      this.#finish(asChannelError(error));
    }
  }

  #dispatch({ type, stream: id, payload }: Frame): void {
    if (type === FrameType.message) {
      return this.#options.onMessage(parseJsonBytes(payload));
    }
    if (type === FrameType.open) return this.#receiveOpen(id, payload);
    const stream = this.#streams.get(id);
    if (stream === undefined) return this.#receiveLate(type, id);
    switch (type) {
      case FrameType.data:
        return stream.receiveData(payload);
      case FrameType.credit:
        return stream.receiveCredit(
          new DataView(payload.buffer, payload.byteOffset).getUint32(0),
        );
      case FrameType.end:
        return stream.receiveEnd();
      case FrameType.reset:
        return this.#receiveReset(id, stream, payload);
    }
  }

  #receiveOpen(id: number, payload: Uint8Array): void {
    if (isOfParity(id, this.#ourParity) || id <= this.#lastPeerStream) {
      throw violation(`Received an opening of stream ${id} out of order`);
    }
    this.#lastPeerStream = id;
    const peerParity = 1 - this.#ourParity;
    // A stream that we gave up is closed for the peer before it is for us.
    if (
      this.#countOpen(peerParity) >= this.#maxStreams ||
      this.#count(peerParity) >= 2 * this.#maxStreams
    ) {
      throw violation(`Received more than ${this.#maxStreams} streams`);
    }
    const purpose = parseJsonBytes(payload);
    this.#options.onStream(purpose, this.#addStream(id));
  }

  /** Takes a frame for a stream that is not, or no longer, there. */
  #receiveLate(type: FrameType, id: number): void {
    const wasOpen = isOfParity(id, this.#ourParity)
      ? id < this.#nextStream
      : id <= this.#lastPeerStream;
    if (wasOpen && type === FrameType.credit) return;
    if (wasOpen && type === FrameType.reset) return this.#sendReset(id, "");
    throw violation(`Received a frame of type ${type} for closed stream ${id}`);
  }

  /** Both sides send one reset each: the second says that nothing follows. */
  #receiveReset(id: number, stream: CreditStream, payload: Uint8Array): void {
    if (!stream.failed) this.#sendReset(id, "");
    this.#streams.delete(id);
    stream.receiveReset(new TextDecoder().decode(payload));
  }

  #addStream(id: number): CreditStream {
    const stream = new CreditStream({
      sendData: (piece) => this.#frames.sendData(id, piece),
      sendCredit: (bytes) => {
        const payload = new Uint8Array(4);
        new DataView(payload.buffer).setUint32(0, bytes);
        this.#sendControl({ type: FrameType.credit, stream: id, payload });
      },
      sendEnd: () =>
        this.#sendControl({
          type: FrameType.end,
          stream: id,
          payload: emptyPayload,
        }),
      sendReset: (reason) => this.#sendReset(id, reason),
      onDone: () => this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    return stream;
  }

  #sendReset(id: number, reason: string): void {
    this.#frames.drop(id);
    const payload = new TextEncoder().encode(reason);
    this.#sendControl({ type: FrameType.reset, stream: id, payload });
  }

  #sendControl(frame: Frame): void {
    if (this.#ended) return;
    try {
      this.#frames.sendControl(frame);
    } catch (error) {
      this.#finish(asChannelError(error));
    }
  }

  #count(parity: number): number {
    return [...this.#streams.keys()].filter((id) => isOfParity(id, parity))
      .length;
  }

  #countOpen(parity: number): number {
    return [...this.#streams].filter(([id, stream]) =>
      isOfParity(id, parity) && !stream.failed
    ).length;
  }
}

function closedError(): ChannelError {
  return new ChannelError("channel-closed", "The channel is closed");
}
