/**
 * Frames of a channel: any chunks are read alike, and what was read is what was
 * sent.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ChannelError } from "../../src/shared/rpc/channel_error.ts";
import {
  encodeFrames,
  type Frame,
  FrameDecoder,
} from "../../src/shared/rpc/frame.ts";
import { chunksOf, outcomeOf, type Target } from "../target.ts";

const frame = fc.record({
  type: fc.nat(6),
  stream: fc.oneof(fc.constantFrom(0, 1, 2, 0xff_ffff), fc.nat(64)),
  payload: fc.uint8Array({ maxLength: 40 }),
}) as fc.Arbitrary<Frame>;

interface Read {
  frames: Frame[];
  /** How it went on after the frames. */
  end: string;
}

function read(chunks: Iterable<Uint8Array>): Read {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  const outcome = outcomeOf(() => {
    for (const chunk of chunks) {
      for (const { type, stream, payload } of decoder.push(chunk)) {
        frames.push({ type, stream, payload: payload.slice() });
      }
    }
    decoder.finish();
  }, ChannelError);
  return { frames, end: "error" in outcome ? outcome.error : "ended" };
}

export default {
  tokens: [
    "\0\0\0\x04\x03\0\0\x01",
    "\0\0\0\0\x04\0\0\x01",
    "\0\x80\0\0\0\0\0\0",
    "\xff\xff\xff\xff",
  ],
  structured: fc.array(frame, { maxLength: 12 }).map(encodeFrames),
  maxBytes: 2048,
  check(input) {
    const whole = read([input]);
    const cut = read(chunksOf(input));
    assert.equal(cut.end, whole.end);
    const sent = encodeFrames(whole.frames);
    const again = encodeFrames(cut.frames);
    assert.equal(again.length, sent.length);
    for (let at = 0; at < sent.length; at++) {
      if (sent[at] !== input[at] || again[at] !== input[at]) {
        assert.fail(`Byte ${at} was read as another`);
      }
    }
    if (whole.end === "ended") assert.equal(sent.length, input.length);
  },
} satisfies Target;
