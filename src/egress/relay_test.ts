import assert from "node:assert/strict";
import { openPortStream } from "../isolate/port_stream.ts";
import { relay } from "./relay.ts";
import { Traffic } from "./traffic.ts";

const gate = new Traffic(() => assert.fail("Exceeded a limit"));

/** A connection on this machine: the dialed end, and the server's. */
async function connected(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  return await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
}

/** A worker's stream as the egress isolate has it, and its other end. */
function workerStream() {
  const { port1, port2 } = new MessageChannel();
  const { readable: output, writable: input } = openPortStream(port2);
  return { stream: openPortStream(port1), input, output };
}

function counter() {
  const counted = { toHost: 0, fromHost: 0 };
  return {
    counted,
    countToHost: (bytes: number) => void (counted.toHost += bytes),
    countFromHost: (bytes: number) => void (counted.fromHost += bytes),
  };
}

async function readAll(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  let text = "";
  for (let n; (n = await connection.read(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, n), { stream: true });
  }
  return text;
}

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("a request's end leaves the answer on its way", async () => {
  const [dialed, server] = await connected();
  const { stream, input, output } = workerStream();
  const counts = counter();
  const relayed = relay(dialed, stream, { counter: counts, gate });
  const writer = input.getWriter();
  await writer.write(encode("ping"));
  await writer.close();
  assert.equal(await readAll(server), "ping");
  await server.write(encode("pong!"));
  server.close();
  assert.equal(await new Response(output).text(), "pong!");
  await relayed;
  assert.deepEqual(counts.counted, { toHost: 4, fromHost: 5 });
});

Deno.test("an answer's end leaves the request on its way", async () => {
  const [dialed, server] = await connected();
  const { stream, input, output } = workerStream();
  const relayed = relay(dialed, stream, { counter: counter(), gate });
  await server.write(encode("bye"));
  await server.closeWrite();
  assert.equal(await new Response(output).text(), "bye");
  const writer = input.getWriter();
  await writer.write(encode("late"));
  await writer.close();
  assert.equal(await readAll(server), "late");
  server.close();
  await relayed;
});

Deno.test("megabytes arrive whole and are counted both ways", async () => {
  const [dialed, server] = await connected();
  const { stream, input, output } = workerStream();
  const counts = counter();
  const relayed = relay(dialed, stream, { counter: counts, gate });
  const size = 3 * 1024 * 1024 + 1;
  const sent = crypto.getRandomValues(new Uint8Array(65536));
  const echoing = server.readable.pipeTo(server.writable);
  const reading = new Response(output).bytes();
  const writer = input.getWriter();
  for (let left = size; left > 0; left -= sent.length) {
    await writer.write(sent.slice(0, Math.min(left, sent.length)));
  }
  await writer.close();
  const received = await reading;
  await Promise.all([relayed, echoing]);
  assert.equal(received.length, size);
  assert.deepEqual(received.slice(0, sent.length), sent);
  assert.deepEqual(counts.counted, { toHost: size, fromHost: size });
});

Deno.test("a worker's reset closes the connection", async () => {
  const [dialed, server] = await connected();
  const { stream, input, output } = workerStream();
  const relayed = relay(dialed, stream, { counter: counter(), gate });
  await input.abort(new Error("reset by the worker"));
  assert.equal(await readAll(server), "");
  server.close();
  await relayed;
  await assert.rejects(new Response(output).text());
});

Deno.test("a worker that stops reading ends the connection", async () => {
  const [dialed, server] = await connected();
  const { stream, input, output } = workerStream();
  const relayed = relay(dialed, stream, { counter: counter(), gate });
  await output.cancel();
  await server.write(encode("unwanted"));
  await relayed;
  await assert.rejects(input.getWriter().closed);
  server.close();
});

Deno.test("a host that closes before the request ended still answers", async () => {
  const [dialed, server] = await connected();
  const { stream, input, output } = workerStream();
  const relayed = relay(dialed, stream, { counter: counter(), gate });
  await server.write(encode("413"));
  server.close();
  assert.equal(await new Response(output).text(), "413");
  const writer = input.getWriter();
  await assert.rejects(async () => {
    while (true) {
      await writer.ready;
      await writer.write(new Uint8Array(65536));
    }
  });
  await relayed;
});

Deno.test("a signal ends both directions", async () => {
  const [dialed, server] = await connected();
  const { stream, output } = workerStream();
  const abort = new AbortController();
  const relayed = relay(dialed, stream, {
    counter: counter(),
    gate,
    signal: abort.signal,
  });
  abort.abort();
  await relayed;
  assert.equal(await readAll(server), "");
  await assert.rejects(new Response(output).text());
  server.close();
});
