import assert from "node:assert/strict";
import fc from "fast-check";
import { Channel, type ChannelStream } from "./channel.ts";
import { connectionPair } from "./connection_pair.ts";
import { STREAM_WINDOW } from "./credit_stream.ts";
import {
  encodeFrames,
  type Frame,
  FrameDecoder,
  FrameType,
  HEADER_BYTES,
} from "./frame.ts";
import { MAX_QUEUED_FRAMES } from "./frame_writer.ts";

const { message, open, data, credit, end, reset } = FrameType;

function frame(
  type: FrameType,
  stream: number,
  payload: string | Uint8Array = "",
): Frame {
  const bytes = typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
  return { type, stream, payload: bytes };
}

function creditOf(stream: number, bytes: number): Frame {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, bytes);
  return frame(credit, stream, payload);
}

interface Outcome {
  /** How the channel ended; undefined if it took everything. */
  code: string | undefined;
  messages: unknown[];
}

/** Feeds bytes to the host's side of a channel on which stream 1 is open. */
async function feed(
  bytes: Uint8Array,
  onStream: (stream: ChannelStream) => void = () => {},
): Promise<Outcome> {
  const [transport, peer] = connectionPair();
  const messages: unknown[] = [];
  const channel = new Channel(transport, {
    side: "host",
    maxStreams: 3,
    onMessage: (value) => messages.push(value),
    onStream: (_purpose, stream) => onStream(stream),
  });
  channel.openStream({});
  const drained = peer.readable.pipeTo(new WritableStream()).catch(() => {});
  const writer = peer.writable.getWriter();
  await writer.write(bytes).then(() => writer.close()).catch(() => {});
  const error = await channel.closed;
  await drained;
  return { code: error?.code, messages };
}

const window = Array.from(
  { length: STREAM_WINDOW / 65_536 },
  () => frame(data, 1, new Uint8Array(65_536)),
);

const violations: Record<string, Frame[]> = {
  "a message that is not JSON": [frame(message, 0, "{")],
  "a message that is not UTF-8": [
    frame(message, 0, Uint8Array.of(34, 255, 34)),
  ],
  "a message nested too deep": [frame(message, 0, "[".repeat(100_000))],
  "a purpose that is not JSON": [frame(open, 2, "?")],
  "data for a stream that never was": [frame(data, 7, "x")],
  "data for a stream of the peer that never was": [frame(data, 2, "x")],
  "credit for a stream that never was": [creditOf(7, 1)],
  "an end for a stream that never was": [frame(end, 4)],
  "a reset for a stream that never was": [frame(reset, 9)],
  "an opening with our parity": [frame(open, 3, "{}")],
  "an id used again": [frame(open, 2, "{}"), frame(open, 2, "{}")],
  "an id used again after its reset": [
    frame(open, 2, "{}"),
    frame(reset, 2),
    frame(open, 2, "{}"),
  ],
  "ids out of order": [frame(open, 4, "{}"), frame(open, 2, "{}")],
  "too many streams": [2, 4, 6, 8].map((id) => frame(open, id, "{}")),
  "data after the end": [frame(end, 1), frame(data, 1, "x")],
  "a second end": [frame(end, 1), frame(end, 1)],
  "data after the reset": [frame(reset, 1), frame(data, 1, "x")],
  "an end after the reset": [frame(reset, 1), frame(end, 1)],
  "data beyond the window": [...window, frame(data, 1, "x")],
  "credit beyond the window": [creditOf(1, 1)],
  "credit beyond 32 bits' sense": [creditOf(1, 0xffff_ffff)],
  "credit of nothing": [creditOf(1, 0)],
};

for (const [name, frames] of Object.entries(violations)) {
  Deno.test(`the channel ends at ${name}`, async () => {
    const bytes = encodeFrames([...frames, frame(message, 0, "1")]);
    const { code, messages } = await feed(bytes);
    assert.equal(code, "channel-violation");
    assert.deepEqual(messages, []);
  });
}

const tolerated: Record<string, Frame[]> = {
  "data up to the window": window,
  "a late credit": [frame(reset, 1), creditOf(1, 5)],
  "a late reset": [frame(reset, 1), frame(reset, 1)],
  "many streams, one after the other": [2, 4, 6, 8, 10].flatMap((id) => [
    frame(open, id, "{}"),
    frame(reset, id),
  ]),
};

for (const [name, frames] of Object.entries(tolerated)) {
  Deno.test(`the channel goes on after ${name}`, async () => {
    const bytes = encodeFrames([...frames, frame(message, 0, "1")]);
    assert.deepEqual(await feed(bytes), { code: undefined, messages: [1] });
  });
}

Deno.test("the channel ends at a truncated frame", async () => {
  const bytes = encodeFrames([frame(message, 0, "[1]")]).subarray(0, -1);
  assert.equal((await feed(bytes)).code, "channel-violation");
});

Deno.test("the peer cannot fill the window again after a local reset", async () => {
  const filling = Array.from(
    { length: 5 },
    () => frame(data, 2, new Uint8Array(65_536)),
  );
  const frames = (count: number) =>
    encodeFrames([frame(open, 2, "{}"), ...filling.slice(0, count)]);
  const giveUp = (stream: ChannelStream) => stream.reset("no");
  assert.equal((await feed(frames(4), giveUp)).code, undefined);
  assert.equal((await feed(frames(5), giveUp)).code, "channel-violation");
});

Deno.test("a peer that ignores resets cannot open streams for ever", async () => {
  const frames = Array.from(
    { length: 7 },
    (_, n) => frame(open, 2 * n + 2, "{}"),
  );
  const giveUp = (stream: ChannelStream) => stream.reset("no");
  const six = encodeFrames(frames.slice(0, 6));
  assert.equal((await feed(six, giveUp)).code, undefined);
  assert.equal(
    (await feed(encodeFrames(frames), giveUp)).code,
    "channel-violation",
  );
});

Deno.test("arbitrary frames end the channel in order", async () => {
  const text = fc.constantFrom("{}", "1", "x", "", "[[");
  const anyFrame = fc.oneof(
    text.filter((payload) => payload !== "")
      .map((payload) => frame(message, 0, payload)),
    fc.tuple(fc.constantFrom(open, data), fc.integer({ min: 1, max: 9 }), text)
      .filter(([, , payload]) => payload !== "")
      .map(([type, stream, payload]) => frame(type, stream, payload)),
    fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(3))
      .map(([stream, bytes]) => creditOf(stream, bytes)),
    fc.tuple(fc.constantFrom(end, reset), fc.integer({ min: 1, max: 9 }))
      .map(([type, stream]) => frame(type, stream)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame), async (frames) => {
      const { code } = await feed(encodeFrames(frames));
      assert.ok(code === undefined || code === "channel-violation");
    }),
    { numRuns: 200 },
  );
});

/** A peer that has a stream reset, and says so so many times more. */
function flood(resets: number): Uint8Array {
  const late = frame(reset, 2);
  return encodeFrames([
    frame(open, 2, "{}"),
    ...new Array<Frame>(1 + resets).fill(late),
  ]);
}

Deno.test("a peer that reads has as many small frames answered as it likes", async () => {
  const resets = 3 * MAX_QUEUED_FRAMES;
  const [transport, peer] = connectionPair();
  const channel = new Channel(transport, {
    side: "host",
    onMessage: () => {},
    onStream: () => {},
  });
  const decoder = new FrameDecoder();
  let answered = 0;
  const reading = (async () => {
    for await (const chunk of peer.readable) {
      for (const { type } of decoder.push(chunk)) {
        if (type === reset) answered++;
      }
    }
  })();
  const writer = peer.writable.getWriter();
  const bytes = flood(resets);
  const step = 1000 * HEADER_BYTES;
  for (let at = 0; at < bytes.length; at += step) {
    await writer.write(bytes.subarray(at, at + step));
    // The sockets of a real connection would make it wait, too.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await writer.close();
  assert.equal(await channel.closed, undefined);
  await reading.catch(() => {});
  assert.equal(answered, 1 + resets);
});

Deno.test("a peer that does not read has a bounded number of frames waiting", async () => {
  // Whatever is written waits for good, and counts as one frame at least.
  const pending = new Promise<never>(() => {});
  const given: number[] = [];
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      given.push(chunk.length / HEADER_BYTES);
      return pending;
    },
  });
  const { readable, writable: peer } = new TransformStream<Uint8Array>();
  const channel = new Channel({ readable, writable }, {
    side: "host",
    onMessage: () => {},
    onStream: () => {},
  });
  const writer = peer.getWriter();
  const bytes = flood(1000 + MAX_QUEUED_FRAMES);
  let sent = 0;
  try {
    for (; sent < bytes.length; sent += HEADER_BYTES) {
      await writer.write(bytes.subarray(sent, sent + HEADER_BYTES));
    }
  } catch {
    // The channel has ended.
  }
  const error = await channel.closed;
  assert.equal(error?.code, "channel-broken");
  assert.equal(error?.message, "The peer does not read");
  const answers = sent / HEADER_BYTES;
  const waiting = answers - given.reduce((sum, frames) => sum + frames, 0);
  assert.ok(waiting <= MAX_QUEUED_FRAMES + 8, `${waiting} frames waited`);
});
