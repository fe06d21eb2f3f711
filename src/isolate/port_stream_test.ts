import assert from "node:assert/strict";
import { STREAM_WINDOW } from "../shared/rpc/credit_stream.ts";
import { spawnIsolate } from "./isolate.ts";
import { openPortStream, type PortStream } from "./port_stream.ts";
import type { SampleApi } from "./testdata/sample_api.ts";

function openPair(): [PortStream, PortStream] {
  const { port1, port2 } = new MessageChannel();
  return [openPortStream(port1), openPortStream(port2)];
}

async function collect({ readable }: PortStream): Promise<Uint8Array> {
  return await new Response(readable as BodyInit).bytes();
}

async function write({ writable }: PortStream, bytes: Uint8Array) {
  const writer = writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}

const resetError = { code: "stream-reset" };

Deno.test("a port carries bytes both ways, and each half ends alone", async () => {
  const [left, right] = openPair();
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const [received] = await Promise.all([collect(right), write(left, bytes)]);
  assert.deepEqual(received, bytes);
  const [answered] = await Promise.all([
    collect(left),
    write(right, bytes.subarray(100, 200)),
  ]);
  assert.deepEqual(answered, bytes.slice(100, 200));
  assert.equal(bytes.length, 60_000);
});

Deno.test("a port's sender waits for the reader, within the window", async () => {
  const [left, right] = openPair();
  let sent = 0;
  const writer = left.writable.getWriter();
  const writing = (async () => {
    for (let n = 0; n < 30; n++) {
      await writer.write(new Uint8Array(32 * 1024));
      sent += 32 * 1024;
    }
    await writer.close();
  })();
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  for (let n = 0; n < 100 && sent < STREAM_WINDOW; n++) await settle();
  await settle();
  assert.equal(sent, STREAM_WINDOW);
  const [received] = await Promise.all([collect(right), writing]);
  assert.equal(received.length, 30 * 32 * 1024);
  await right.writable.close();
  await collect(left);
});

Deno.test("a reset reaches the other end of a port", async () => {
  const [left, right] = openPair();
  const reading = right.readable.getReader().read();
  left.reset("connection refused");
  await assert.rejects(reading, {
    ...resetError,
    message: 'Stream was given up by the peer: "connection refused"',
  });
  await assert.rejects(left.readable.getReader().read(), resetError);
  const writer = right.writable.getWriter();
  await assert.rejects(writer.write(new Uint8Array(1)), resetError);
});

Deno.test("a failing source gives up the port's stream", async () => {
  const [left, right] = openPair();
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("/a/secret/path")),
  });
  const piping = assert.rejects(source.pipeTo(left.writable));
  await assert.rejects(right.readable.getReader().read(), {
    ...resetError,
    message: /"aborted"$/,
  });
  await piping;
});

Deno.test("what does not keep to the window is given up", async () => {
  const { port1, port2 } = new MessageChannel();
  const stream = openPortStream(port1);
  const bytes = new Uint8Array(STREAM_WINDOW + 1);
  port2.postMessage({ kind: "data", bytes });
  await assert.rejects(stream.readable.getReader().read(), resetError);
  port2.close();
});

Deno.test("a stream goes through an isolate and on by another", async () => {
  const spawn = (name: string) =>
    spawnIsolate<SampleApi>({
      url: new URL("./testdata/sample.isolate.ts", import.meta.url),
      name,
      permissions: "none",
    });
  const first = spawn("first");
  const second = spawn("second");
  try {
    const { port1, port2 } = new MessageChannel();
    const ours = openPortStream(port1);
    const { port } = await first.call("echo", { port: port2 }, {
      transfer: [port2],
    });
    const draining = second.call("drain", { port }, { transfer: [port] });
    const bytes = new Uint8Array(8_000_000);
    await Promise.all([write(ours, bytes), collect(ours)]);
    assert.equal(await draining, bytes.length);
  } finally {
    first.terminate();
    second.terminate();
  }
});
