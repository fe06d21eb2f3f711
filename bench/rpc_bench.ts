/**
 * Bytes of one stream, per iteration 64 MiB: through two channels that a unix
 * socket connects, and through a message port. `deno bench -A bench/rpc_bench.ts`
 *
 * @module
 */

import { openPortStream } from "../src/isolate/port_stream.ts";
import { Channel, type ChannelStream } from "../src/shared/rpc/channel.ts";
import { socketPair } from "../src/shared/rpc/connection_pair.ts";
import type { ByteStream } from "../src/shared/rpc/credit_stream.ts";

const CHUNK = new Uint8Array(256 * 1024);
const CHUNKS = 256;
const TOTAL = CHUNK.length * CHUNKS;

async function transfer(from: ByteStream, to: ByteStream): Promise<void> {
  const send = async () => {
    const writer = from.writable.getWriter();
    for (let n = 0; n < CHUNKS; n++) await writer.write(CHUNK);
    await writer.close();
  };
  const receive = async () => {
    let received = 0;
    for await (const chunk of to.readable) received += chunk.length;
    if (received !== TOTAL) throw new Error(`Received ${received} bytes`);
  };
  await Promise.all([send(), receive(), to.writable.close()]);
}

async function throughChannels(benchmark: Deno.BenchContext): Promise<void> {
  const [left, right] = await socketPair();
  const accepted = Promise.withResolvers<ChannelStream>();
  const onMessage = () => {};
  const onStream = (_purpose: unknown, stream: ChannelStream) =>
    accepted.resolve(stream);
  const host = new Channel(left, { side: "host", onMessage, onStream });
  const agent = new Channel(right, { side: "agent", onMessage, onStream });
  const sender = agent.openStream({});
  const receiver = await accepted.promise;
  benchmark.start();
  await transfer(sender, receiver);
  benchmark.end();
  await host.close();
  await agent.close();
}

async function throughPort(benchmark: Deno.BenchContext): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const sender = openPortStream(port1);
  const receiver = openPortStream(port2);
  benchmark.start();
  await transfer(sender, receiver);
  benchmark.end();
}

Deno.bench("64 MiB through two channels and a unix socket", {
  n: 10,
  warmup: 2,
}, throughChannels);

Deno.bench("64 MiB through a message port", { n: 10, warmup: 2 }, throughPort);
