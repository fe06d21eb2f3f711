import assert from "node:assert/strict";
import fc from "fast-check";
import { ChannelError } from "./channel_error.ts";
import { discardUntilGreeting, prepend } from "./greeting.ts";
import { GREETING } from "./protocol.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const greeting = encode(GREETING);

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

async function collect(readable: ReadableStream<Uint8Array>) {
  const bytes: number[] = [];
  for await (const chunk of readable) bytes.push(...chunk);
  return bytes;
}

const refusal = { name: "EnvironmentError", code: "greeting-missing" };

Deno.test("what follows the greeting is kept, in any chunking", async () => {
  const noise = fc.uint8Array({ maxLength: 80 }).map((bytes) =>
    bytes.map((byte) => byte === greeting[0] ? 0 : byte)
  );
  // A beginning of the greeting, which the greeting itself does not complete.
  const start = fc.nat(greeting.length - 2).map((n) => greeting.slice(0, n));
  await fc.assert(fc.asyncProperty(
    fc.oneof(noise, start),
    fc.uint8Array({ maxLength: 80 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
    async (before, after, lengths) => {
      let rest = Uint8Array.of(...before, ...greeting, ...after);
      const chunks = [];
      for (const length of lengths) {
        chunks.push(rest.slice(0, length));
        rest = rest.slice(length);
      }
      const readable = streamOf(...chunks, rest);
      const leftover = await discardUntilGreeting(readable);
      assert.deepEqual(await collect(prepend(leftover, readable)), [...after]);
    },
  ));
});

Deno.test("a stream that ends without a greeting is refused", async () => {
  const readable = streamOf(greeting.subarray(0, 5));
  await assert.rejects(discardUntilGreeting(readable), refusal);
});

Deno.test("bytes before the greeting are bounded", async () => {
  const noise = () => streamOf(new Uint8Array(1000), greeting);
  await discardUntilGreeting(noise(), { maxBytes: 1000 });
  await assert.rejects(
    discardUntilGreeting(noise(), { maxBytes: 900 }),
    refusal,
  );
});

Deno.test("waiting ends when the signal is aborted", async () => {
  let cancelled: unknown;
  const readable = new ReadableStream<Uint8Array>({
    cancel(reason) {
      cancelled = reason;
    },
  });
  const abort = new AbortController();
  const waiting = discardUntilGreeting(readable, { signal: abort.signal });
  const reason = new Error("late");
  abort.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(cancelled, reason);
  assert.equal(readable.locked, false);
});

Deno.test("a failing connection is a ChannelError", async () => {
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("gone")),
  });
  await assert.rejects(
    discardUntilGreeting(readable),
    (error) => error instanceof ChannelError && error.code === "channel-broken",
  );
});
