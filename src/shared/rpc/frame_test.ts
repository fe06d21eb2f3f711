import assert from "node:assert/strict";
import fc from "fast-check";
import { ChannelError } from "./channel_error.ts";
import {
  encodeFrames,
  type Frame,
  FrameDecoder,
  FrameType,
  HEADER_BYTES,
  MAX_DATA_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PURPOSE_BYTES,
  MAX_REASON_BYTES,
  MAX_STREAM_ID,
} from "./frame.ts";

const streamId = fc.integer({ min: 1, max: MAX_STREAM_ID });
const payloadOf = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength });

const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  payloadOf(1, 300).map((payload) => ({
    type: FrameType.message,
    stream: 0,
    payload,
  })),
  ...([
    [FrameType.open, 1, 100],
    [FrameType.data, 1, 2000],
    [FrameType.credit, 4, 4],
    [FrameType.end, 0, 0],
    [FrameType.reset, 0, MAX_REASON_BYTES],
  ] as const).map(([type, min, max]) =>
    fc.tuple(streamId, payloadOf(min, max)).map(([stream, payload]) => ({
      type,
      stream,
      payload,
    }))
  ),
);

function cut(bytes: Uint8Array, lengths: number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let rest = bytes;
  for (const length of lengths) {
    chunks.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return [...chunks, rest];
}

function decode(chunks: Uint8Array[]): Frame[] {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    for (const frame of decoder.push(chunk)) {
      frames.push({ ...frame, payload: frame.payload.slice() });
    }
  }
  decoder.finish();
  return frames;
}

function header(type: number, stream: number, length: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint32(4, type * 2 ** 24 + stream);
  return bytes;
}

Deno.test("frames survive any chunking", () => {
  fc.assert(fc.property(
    fc.array(anyFrame, { maxLength: 12 }),
    fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 40 }),
    (frames, lengths) => {
      const decoded = decode(cut(encodeFrames(frames), lengths));
      assert.deepEqual(decoded, frames);
    },
  ));
});

Deno.test("frames survive byte by byte", () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 4 }), (frames) => {
      const bytes = encodeFrames(frames);
      const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte));
      assert.deepEqual(decode(chunks), frames);
    }),
    { numRuns: 30 },
  );
});

Deno.test("a header is laid out as documented", () => {
  const frame = {
    type: FrameType.data,
    stream: 0x010203,
    payload: Uint8Array.of(9, 8),
  };
  assert.deepEqual(
    [...encodeFrames([frame])],
    [0, 0, 0, 2, 2, 1, 2, 3, 9, 8],
  );
});

Deno.test("a truncated byte stream is refused unless it ends between frames", () => {
  fc.assert(fc.property(anyFrame, fc.nat(), (frame, at) => {
    const bytes = encodeFrames([frame]);
    const decoder = new FrameDecoder();
    const part = bytes.subarray(0, 1 + at % (bytes.length - 1));
    assert.equal([...decoder.push(part)].length, 0);
    assert.throws(() => decoder.finish(), ChannelError);
  }));
});

Deno.test("arbitrary bytes yield frames or a ChannelError, nothing else", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }),
    (chunks) => {
      try {
        decode(chunks);
      } catch (error) {
        assert.ok(error instanceof ChannelError);
        assert.equal(error.code, "channel-violation");
      }
    },
  ));
});

for (
  const [name, bytes] of [
    ["unknown type", header(6, 1, 0)],
    ["highest type", header(255, 1, 0)],
    ["message on a stream", header(FrameType.message, 1, 2)],
    ["empty message", header(FrameType.message, 0, 0)],
    ["oversized message", header(FrameType.message, 0, MAX_MESSAGE_BYTES + 1)],
    ["longest length", header(FrameType.message, 0, 0xffff_ffff)],
    ["data on stream 0", header(FrameType.data, 0, 1)],
    ["empty data", header(FrameType.data, 1, 0)],
    ["oversized data", header(FrameType.data, 1, MAX_DATA_BYTES + 1)],
    ["oversized purpose", header(FrameType.open, 1, MAX_PURPOSE_BYTES + 1)],
    ["short credit", header(FrameType.credit, 1, 3)],
    ["long credit", header(FrameType.credit, 1, 5)],
    ["end with a payload", header(FrameType.end, 1, 1)],
    ["oversized reason", header(FrameType.reset, 1, MAX_REASON_BYTES + 1)],
  ] as const
) {
  Deno.test(`a frame is refused by its header: ${name}`, () => {
    const decoder = new FrameDecoder();
    assert.throws(() => [...decoder.push(bytes)], ChannelError);
  });
}
