import { ChannelError } from "./channel_error.ts";
import { encodeFrames, type Frame, FrameType, HEADER_BYTES } from "./frame.ts";

/** A write is filled up to this size when there is more to send. */
const BATCH_BYTES = 64 * 1024;

/** Bytes of control that may wait for a peer that does not read. */
export const MAX_QUEUED_BYTES = 32 * 1024 ** 2;

/**
 * Frames of control that may wait: a small one takes far more memory than its
 * bytes. The streams of both sides, with those that were given up, have some
 * 8,000 at most, and messages are few.
 */
export const MAX_QUEUED_FRAMES = 16_384;

interface Piece {
  bytes: Uint8Array;
  taken: PromiseWithResolvers<void>;
}

/**
 * Writes frames to the transport. Frames of control, messages among them, keep
 * their order and pass data, of which streams send one piece each in turn.
 */
export class FrameWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #control: Frame[] = [];
  #controlBytes = 0;
  readonly #pieces = new Map<number, Piece>();
  #arrived = Promise.withResolvers<void>();
  #ending = false;
  /** Resolves when everything was written after `end`; rejects if it failed. */
  readonly finished: Promise<void>;

  constructor(writable: WritableStream<Uint8Array>) {
    this.#writer = writable.getWriter();
    this.finished = this.#run();
  }

  /**
   * @throws {ChannelError} if too much is waiting already
   */
  sendControl(frame: Frame): void {
    if (this.#ending) return;
    const bytes = HEADER_BYTES + frame.payload.length;
    if (
      this.#controlBytes + bytes > MAX_QUEUED_BYTES ||
      this.#control.length >= MAX_QUEUED_FRAMES
    ) {
      throw new ChannelError("channel-broken", "The peer does not read");
    }
    this.#control.push(frame);
    this.#controlBytes += bytes;
    this.#arrived.resolve();
  }

  /** Resolves when the piece was copied or dropped; one at a time a stream. */
  sendData(stream: number, bytes: Uint8Array): Promise<void> {
    if (this.#ending) return Promise.resolve();
    const taken = Promise.withResolvers<void>();
    this.#pieces.set(stream, { bytes, taken });
    this.#arrived.resolve();
    return taken.promise;
  }

  /** Forgets data of a stream that was not written yet. */
  drop(stream: number): void {
    this.#pieces.get(stream)?.taken.resolve();
    this.#pieces.delete(stream);
  }

  /** Writes what is waiting, save data, then closes the transport. */
  end(): void {
    this.#ending = true;
    for (const stream of [...this.#pieces.keys()]) this.drop(stream);
    this.#arrived.resolve();
  }

  /** Gives up the transport with all that is waiting. */
  abort(reason: unknown): void {
    this.#control = [];
    this.end();
    this.#writer.abort(reason).catch(() => {});
  }

  async #run(): Promise<void> {
    while (true) {
      const frames = this.#takeBatch();
      if (frames.length > 0) {
        await this.#writer.write(encodeFrames(frames));
      } else if (this.#ending) {
        return await this.#writer.close();
      } else {
        this.#arrived = Promise.withResolvers();
        await this.#arrived.promise;
      }
    }
  }

  #takeBatch(): Frame[] {
    const frames = this.#control;
    let size = this.#controlBytes;
    this.#control = [];
    this.#controlBytes = 0;
    for (const [stream, { bytes, taken }] of this.#pieces) {
      if (size >= BATCH_BYTES) break;
      frames.push({ type: FrameType.data, stream, payload: bytes });
      size += HEADER_BYTES + bytes.length;
      this.#pieces.delete(stream);
      taken.resolve();
    }
    return frames;
  }
}
