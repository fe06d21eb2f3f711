/**
 * Frames: an 8-byte header (payload length as u32, type as u8, stream as u24,
 * all big-endian), then the payload.
 *
 * @module
 */

import { violation } from "./channel_error.ts";

export const FrameType = {
  /** A JSON-RPC message, on stream 0. */
  message: 0,
  /** Opens a stream; the payload is its purpose, as JSON. */
  open: 1,
  data: 2,
  /** Lets the peer send more data on a stream; the payload is a u32. */
  credit: 3,
  /** Ends the sender's direction of a stream. */
  end: 4,
  /** Gives up both directions of a stream; the payload is the reason. */
  reset: 5,
} as const;

export type FrameType = typeof FrameType[keyof typeof FrameType];

export interface Frame {
  type: FrameType;
  stream: number;
  payload: Uint8Array;
}

export const HEADER_BYTES = 8;
export const MAX_STREAM_ID = 0xff_ffff;

/** Room for the longest texts of the protocol, 4,000,000 characters, escaped. */
export const MAX_MESSAGE_BYTES = 8 * 1024 ** 2;
export const MAX_PURPOSE_BYTES = 16 * 1024;
export const MAX_DATA_BYTES = 256 * 1024;
export const MAX_REASON_BYTES = 200;

const payloadBounds: Record<FrameType, { min: number; max: number }> = {
  [FrameType.message]: { min: 1, max: MAX_MESSAGE_BYTES },
  [FrameType.open]: { min: 1, max: MAX_PURPOSE_BYTES },
  [FrameType.data]: { min: 1, max: MAX_DATA_BYTES },
  [FrameType.credit]: { min: 4, max: 4 },
  [FrameType.end]: { min: 0, max: 0 },
  [FrameType.reset]: { min: 0, max: MAX_REASON_BYTES },
};

function isFrameType(type: number): type is FrameType {
  return Object.hasOwn(payloadBounds, type);
}

/** Encodes frames back to back into one buffer. */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  const length = frames.reduce(
    (sum, { payload }) => sum + HEADER_BYTES + payload.length,
    0,
  );
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { type, stream, payload } of frames) {
    view.setUint32(at, payload.length);
    view.setUint32(at + 4, type * 2 ** 24 + stream);
    bytes.set(payload, at + HEADER_BYTES);
    at += HEADER_BYTES + payload.length;
  }
  return bytes;
}

interface Header {
  type: FrameType;
  stream: number;
  length: number;
}

function parseHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const length = view.getUint32(0);
  const type = view.getUint8(4);
  const stream = view.getUint32(4) % 2 ** 24;
  if (!isFrameType(type)) {
    throw violation(`Received a frame of unknown type ${type}`);
  }
  const { min, max } = payloadBounds[type];
  if (length < min || length > max) {
    throw violation(`Received a frame of type ${type} with ${length} bytes`);
  }
  if ((type === FrameType.message) !== (stream === 0)) {
    throw violation(`Received a frame of type ${type} on stream ${stream}`);
  }
  return { type, stream, length };
}

/** Fills a buffer of known length from chunks of any length. */
class Collector {
  readonly bytes: Uint8Array;
  #filled = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  get filled(): number {
    return this.#filled;
  }

  get full(): boolean {
    return this.#filled === this.bytes.length;
  }

  /** Takes what it needs from the chunk's start; returns how much that was. */
  take(chunk: Uint8Array): number {
    const part = chunk.subarray(0, this.bytes.length - this.#filled);
    this.bytes.set(part, this.#filled);
    this.#filled += part.length;
    return part.length;
  }

  clear(): void {
    this.#filled = 0;
  }
}

/** Cuts a byte stream into frames; holds at most one frame. */
export class FrameDecoder {
  readonly #headerBytes = new Collector(HEADER_BYTES);
  #header: Header | undefined;
  #payload: Collector | undefined;

  /**
   * Yields the frames that the chunk completes. A payload is valid until the
   * next one is asked for: it may be a view of the chunk.
   *
   * @throws {ChannelError} at the first frame that breaks the protocol
   */
  *push(chunk: Uint8Array): Generator<Frame, void, undefined> {
    let rest = chunk;
    while (true) {
      if (this.#header === undefined) {
        rest = rest.subarray(this.#headerBytes.take(rest));
        if (!this.#headerBytes.full) return;
        this.#header = parseHeader(this.#headerBytes.bytes);
      }
      const { type, stream, length } = this.#header;
      let payload: Uint8Array;
      if (this.#payload === undefined && rest.length >= length) {
        payload = rest.subarray(0, length);
        rest = rest.subarray(length);
      } else {
        this.#payload ??= new Collector(length);
        rest = rest.subarray(this.#payload.take(rest));
        if (!this.#payload.full) return;
        payload = this.#payload.bytes;
      }
      this.#payload = undefined;
      this.#header = undefined;
      this.#headerBytes.clear();
      yield { type, stream, payload };
    }
  }

  /**
   * Says that the byte stream has ended.
   *
   * @throws {ChannelError} if it ended within a frame
   */
  finish(): void {
    if (this.#headerBytes.filled > 0) {
      throw violation("Received a truncated frame");
    }
  }
}
