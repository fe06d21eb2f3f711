/**
 * A whole channel of the host or the agent, from frames to methods: whatever
 * the peer sends, the worst is that the channel ends, as a channel does.
 *
 * The first byte says which side is under fire.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  AgentError,
  createAgentClient,
  type MethodHandlers,
  serveMethods,
} from "../../src/shared/rpc/peer.ts";
import { Channel } from "../../src/shared/rpc/channel.ts";
import { ChannelError } from "../../src/shared/rpc/channel_error.ts";
import {
  encodeFrames,
  type Frame,
  HEADER_BYTES,
} from "../../src/shared/rpc/frame.ts";
import { methods } from "../../src/shared/rpc/protocol.ts";
import { bytesOf, chunksOf, join, type Target } from "../target.ts";

const method = fc.constantFrom(...Object.keys(methods), "$/cancel", "no.such");
const message = fc.oneof(
  fc.record({
    jsonrpc: fc.constant("2.0"),
    id: fc.constantFrom("1", "2", "a-b", "__proto__"),
    method,
    params: fc.jsonValue(),
  }, { requiredKeys: ["jsonrpc", "method"] }),
  fc.record({
    jsonrpc: fc.constant("2.0"),
    id: fc.constantFrom("1", "2", "ffff"),
    result: fc.jsonValue(),
    error: fc.record({
      code: fc.integer(),
      message: fc.string(),
      data: fc.jsonValue(),
    }),
  }, { requiredKeys: ["jsonrpc", "id"] }),
  fc.jsonValue(),
).map((value) => ({
  type: 0,
  stream: 0,
  payload: new TextEncoder().encode(JSON.stringify(value)),
}));
const opening = fc.record({
  type: fc.constant(1),
  stream: fc.integer({ min: 1, max: 9 }),
  payload: fc.constantFrom('{"kind":"log"}', "{}", "[]").map(bytesOf),
});
const other = fc.record({
  type: fc.integer({ min: 2, max: 5 }),
  stream: fc.integer({ min: 1, max: 9 }),
  payload: fc.oneof(
    fc.constant(bytesOf("\0\0\x01\0")),
    fc.constant(new Uint8Array()),
    fc.uint8Array({ maxLength: 8 }),
  ),
});
const frames = fc.array(
  fc.oneof(message, opening, other) as fc.Arbitrary<Frame>,
  { maxLength: 12 },
).map(encodeFrames);

/** What one side did with the bytes. */
interface Seen {
  end: string;
  messages: number;
  purposes: unknown[];
}

/** Runs a side on bytes, as the peer's whole part of the conversation. */
async function runSide(
  side: "host" | "agent",
  chunks: Iterable<Uint8Array>,
): Promise<Seen> {
  const seen: Seen = { end: "", messages: 0, purposes: [] };
  const reading: Promise<unknown>[] = [];
  const channel: Channel = new Channel({
    readable: readableOf(chunks),
    writable: new WritableStream(),
  }, {
    side,
    onMessage(message) {
      seen.messages++;
      receive(message);
    },
    onStream(purpose, stream) {
      seen.purposes.push(purpose);
      reading.push(drain(stream.readable), stream.writable.close());
    },
  });
  const receive = receiverOf(side, channel);
  const error = await channel.closed;
  seen.end = error?.code ?? "closed";
  for (const result of await Promise.allSettled(reading)) {
    if (result.status === "fulfilled") continue;
    assert.ok(result.reason instanceof ChannelError, String(result.reason));
  }
  return seen;
}

function receiverOf(side: "host" | "agent", channel: Channel) {
  if (side === "agent") {
    const refuse = () =>
      Promise.reject(new AgentError("unknown-build", "Not here"));
    const handlers = Object.fromEntries(
      Object.keys(methods).map((name) => [name, refuse]),
    ) as unknown as MethodHandlers;
    const server = serveMethods(channel, handlers);
    return (message: unknown) => server.receive(message);
  }
  const client = createAgentClient(channel);
  return (message: unknown) => client.receive(message);
}

function readableOf(chunks: Iterable<Uint8Array>) {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value.slice());
    },
  }, { highWaterMark: 0 });
}

async function drain(readable: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of readable);
}

export default {
  tokens: ['{"jsonrpc":"2.0",', '"id":"1"', '"params":{}', "[[[[", "\\u0000"],
  structured: fc.tuple(fc.nat(1), frames)
    .map(([side, bytes]) => join([Uint8Array.of(side), bytes])),
  maxBytes: 4096,
  async check(input) {
    const side = (input[0] ?? 0) % 2 === 0 ? "host" : "agent";
    const bytes = input.subarray(1);
    for (const chunks of [[bytes], chunksOf(bytes)]) {
      const { end, messages, purposes } = await runSide(side, chunks);
      assert.ok(["closed", "channel-violation"].includes(end), end);
      assert.ok((messages + purposes.length) * HEADER_BYTES <= bytes.length);
    }
  },
} satisfies Target;
