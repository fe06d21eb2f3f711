import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Channel,
  type ChannelOptions,
  type ChannelStream,
  type Transport,
} from "./channel.ts";
import { connectionPair, socketPair } from "./connection_pair.ts";
import { STREAM_WINDOW } from "./credit_stream.ts";

interface End {
  channel: Channel;
  messages: unknown[];
  purposes: unknown[];
  /** The next stream that the other end opened. */
  accept(): Promise<ChannelStream>;
}

function open(
  transport: Transport,
  side: ChannelOptions["side"],
  options: Partial<ChannelOptions> = {},
): End {
  const messages: unknown[] = [];
  const purposes: unknown[] = [];
  const streams = new TransformStream<ChannelStream, ChannelStream>(
    {},
    { highWaterMark: Infinity },
  );
  const writer = streams.writable.getWriter();
  const reader = streams.readable.getReader();
  const channel = new Channel(transport, {
    side,
    onMessage: (message) => messages.push(message),
    onStream(purpose, stream) {
      purposes.push(purpose);
      writer.write(stream);
    },
    ...options,
  });
  const accept = async () => (await reader.read()).value!;
  return { channel, messages, purposes, accept };
}

function openPair(options: Partial<ChannelOptions> = {}): [End, End] {
  const [host, agent] = connectionPair();
  return [open(host, "host", options), open(agent, "agent", options)];
}

async function close(...ends: End[]): Promise<void> {
  for (const { channel } of ends) await channel.close();
}

async function write(stream: ChannelStream, ...chunks: Uint8Array[]) {
  const writer = stream.writable.getWriter();
  for (const chunk of chunks) await writer.write(chunk);
  await writer.close();
}

async function collect({ readable }: ChannelStream): Promise<Uint8Array> {
  const blob = await new Response(readable as BodyInit).bytes();
  return blob;
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10));
}

const resetError = { code: "stream-reset" };

Deno.test("messages arrive both ways, in order", async () => {
  const [host, agent] = openPair();
  for (let n = 0; n < 100; n++) host.channel.send({ n });
  agent.channel.send("é");
  await settle();
  await close(agent);
  await host.channel.closed;
  assert.deepEqual(host.messages, ["é"]);
  assert.deepEqual(
    agent.messages,
    Array.from({ length: 100 }, (_, n) => ({ n })),
  );
});

Deno.test("streams of both sides carry bytes both ways", async () => {
  const [host, agent] = openPair();
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 5 }),
      async (byHost, there, lengths) => {
        const [opener, acceptor] = byHost ? [host, agent] : [agent, host];
        const back = lengths.map((n) =>
          crypto.getRandomValues(
            new Uint8Array(Math.min(n, 65_536)),
          )
        );
        const ours = opener.channel.openStream({ kind: "test" });
        const theirs = await acceptor.accept();
        const [, received, , answered] = await Promise.all([
          write(ours, ...there),
          collect(theirs),
          write(theirs, ...back),
          collect(ours),
        ]);
        assert.deepEqual([...received], there.flatMap((b) => [...b]));
        assert.deepEqual([...answered], back.flatMap((b) => [...b]));
      },
    ),
    { numRuns: 30 },
  );
  assert.deepEqual(agent.purposes[0] ?? { kind: "test" }, { kind: "test" });
  await close(host, agent);
});

Deno.test("a real connection carries a stream and is closed in the end", async () => {
  const [hostConn, agentConn] = await socketPair();
  const host = open(hostConn, "host");
  const agent = open(agentConn, "agent");
  const sent = crypto.getRandomValues(new Uint8Array(60_000));
  const ours = agent.channel.openStream({});
  const theirs = await host.accept();
  const [received] = await Promise.all([
    collect(theirs),
    write(ours, sent, sent),
    theirs.writable.close(),
  ]);
  assert.deepEqual(received, Uint8Array.of(...sent, ...sent));
  await agent.channel.close();
  await host.channel.closed;
});

Deno.test("a sender waits for the reader, within the window", async () => {
  const [host, agent] = openPair();
  const ours = host.channel.openStream({});
  const theirs = await agent.accept();
  let sent = 0;
  const writer = ours.writable.getWriter();
  const writing = (async () => {
    for (let n = 0; n < 40; n++) {
      await writer.write(new Uint8Array(32 * 1024));
      sent += 32 * 1024;
    }
    await writer.close();
  })();
  await settle();
  assert.equal(sent, STREAM_WINDOW);
  const [received] = await Promise.all([collect(theirs), writing]);
  assert.equal(received.length, 40 * 32 * 1024);
  await close(host, agent);
});

Deno.test("messages and other streams pass a stream that nobody reads", async () => {
  const [host, agent] = openPair();
  const stuck = host.channel.openStream("stuck");
  const writing = assert.rejects(write(stuck, new Uint8Array(1_000_000)));
  const free = host.channel.openStream("free");
  await agent.accept();
  const theirs = await agent.accept();
  const [received] = await Promise.all([
    collect(theirs),
    write(free, new Uint8Array(1_000_000)),
  ]);
  host.channel.send("passes");
  await settle();
  assert.equal(received.length, 1_000_000);
  assert.deepEqual(agent.messages, ["passes"]);
  await close(host, agent);
  await writing;
});

Deno.test("messages pass bulk data that waits for a slow connection", async () => {
  const [fast, slow] = connectionPair();
  const host = open(fast, "host");
  const streams = Array.from({ length: 8 }, () => host.channel.openStream({}));
  const writing = streams.map((stream) =>
    assert.rejects(write(stream, new Uint8Array(STREAM_WINDOW)))
  );
  await settle();
  host.channel.send("urgent");
  // The peer's reader starts only now: at most two writes are before it.
  let before = 0;
  for await (const chunk of slow.readable) {
    if (new TextDecoder().decode(chunk).includes('"urgent"')) break;
    before += chunk.length;
  }
  assert.ok(before < 200_000, `${before} bytes before the message`);
  await host.channel.close();
  await Promise.all(writing);
});

Deno.test("half a stream may end while the other goes on", async () => {
  const [host, agent] = openPair();
  const ours = host.channel.openStream({});
  const theirs = await agent.accept();
  await ours.writable.close();
  assert.equal((await collect(theirs)).length, 0);
  await write(theirs, Uint8Array.of(1, 2, 3));
  assert.deepEqual([...await collect(ours)], [1, 2, 3]);
  await close(host, agent);
});

Deno.test("a reset reaches both ends with its reason, cut and quoted", async () => {
  const [host, agent] = openPair();
  const ours = host.channel.openStream({});
  const theirs = await agent.accept();
  ours.reset("\u001b" + "é".repeat(500));
  ours.reset("again");
  await assert.rejects(ours.readable.getReader().read(), resetError);
  await assert.rejects(theirs.readable.getReader().read(), {
    ...resetError,
    message: /^Stream was given up by the peer: "\\u001bé{90,99}"$/,
  });
  await assert.rejects(
    theirs.writable.getWriter().write(new Uint8Array(1)),
    resetError,
  );
  await close(host, agent);
  assert.equal(await host.channel.closed, undefined);
});

Deno.test("an aborted write and a cancelled read give up the stream", async () => {
  const [host, agent] = openPair();
  for (const giveUp of ["abort", "cancel"] as const) {
    const ours = host.channel.openStream({});
    const theirs = await agent.accept();
    const writer = ours.writable.getWriter();
    const writing = assert.rejects(writer.write(new Uint8Array(1_000_000)));
    await settle();
    const reason = new Error("holds /a/secret/path");
    if (giveUp === "abort") await writer.abort(reason);
    else await ours.readable.cancel(reason);
    await writing;
    const reader = theirs.readable.getReader();
    await assert.rejects(
      async () => {
        while (!(await reader.read()).done);
      },
      { ...resetError, message: /"(aborted|cancelled)"$/ },
    );
  }
  await close(host, agent);
});

Deno.test("data on its way when a stream is given up is discarded", async () => {
  const [host, agent] = openPair({ maxStreams: 4 });
  for (let n = 0; n < 40; n++) {
    const ours = host.channel.openStream({});
    const theirs = await agent.accept();
    const writing = write(ours, new Uint8Array(500_000)).catch(() => {});
    if (n % 2) await theirs.readable.getReader().read();
    theirs.reset("enough");
    if (n % 3) ours.reset("enough here, too");
    await writing;
    await settle();
  }
  host.channel.send("still works");
  await settle();
  assert.deepEqual(agent.messages, ["still works"]);
  await close(host, agent);
});

Deno.test("streams that race with their own end leave the channel intact", async () => {
  const [host, agent] = openPair({ maxStreams: 8 });
  const act = async (stream: ChannelStream, action: number) => {
    if (action === 0) stream.reset("no");
    else if (action === 1) await stream.readable.cancel().catch(() => {});
    else if (action === 2) await stream.writable.close().catch(() => {});
    else if (action === 3) await collect(stream).catch(() => {});
    else await write(stream, new Uint8Array(action)).catch(() => {});
  };
  const actions = fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(actions, actions, async (left, right) => {
      const ours = host.channel.openStream({});
      const theirs = await agent.accept();
      const acting = Promise.allSettled([
        ...left.map((action) => act(ours, action)),
        ...right.map((action) => act(theirs, action)),
      ]);
      await settle();
      ours.reset("over");
      theirs.reset("over");
      await acting;
      await settle();
      host.channel.send("alive");
      await settle();
      assert.equal(agent.messages.pop(), "alive");
    }),
    { numRuns: 60 },
  );
  await close(host, agent);
});

Deno.test("streams are limited, and given back", async () => {
  const [host, agent] = openPair({ maxStreams: 2 });
  const first = host.channel.openStream({});
  host.channel.openStream({});
  assert.throws(() => host.channel.openStream({}), { code: "channel-limit" });
  const theirs = await agent.accept();
  await Promise.all([first.writable.close(), theirs.writable.close()]);
  await settle();
  host.channel.openStream({});
  agent.channel.openStream({});
  agent.channel.openStream({});
  await settle();
  assert.equal(agent.purposes.length, 3);
  assert.equal(host.purposes.length, 2);
  await close(host, agent);
});

Deno.test("what is too long is refused and leaves the channel intact", async () => {
  const [host, agent] = openPair();
  const limit = { code: "channel-limit" };
  assert.throws(() => host.channel.send("x".repeat(9_000_000)), limit);
  assert.throws(() => host.channel.openStream("x".repeat(20_000)), limit);
  host.channel.send("x".repeat(8_000_000));
  await close(host);
  await agent.channel.closed;
  assert.equal(agent.messages.length, 1);
});

Deno.test("closing ends the streams, save what was complete", async () => {
  const [host, agent] = openPair();
  const ours = host.channel.openStream({});
  const half = agent.channel.openStream({});
  const theirs = await agent.accept();
  const complete = await host.accept();
  await write(half, Uint8Array.of(7));
  await settle();
  await close(agent);
  assert.equal(await host.channel.closed, undefined);
  const closed = { code: "channel-closed" };
  await assert.rejects(ours.readable.getReader().read(), closed);
  await assert.rejects(theirs.writable.getWriter().closed, closed);
  assert.deepEqual([...await collect(complete)], [7]);
  assert.throws(() => host.channel.openStream({}), closed);
  host.channel.send("dropped");
  await close(host);
});

Deno.test("closing does not wait for a peer that reads nothing", async () => {
  const [transport, peer] = connectionPair();
  const host = open(transport, "host");
  host.channel.send("x".repeat(100_000));
  host.channel.send("y");
  await close(host);
  await peer.writable.abort();
});

Deno.test("a peer that reads nothing cannot make messages pile up", async () => {
  const [transport] = connectionPair();
  const { channel } = open(transport, "host");
  const message = "x".repeat(8_000_000);
  for (let n = 0; n < 8; n++) channel.send(message);
  assert.equal((await channel.closed)?.code, "channel-broken");
});

Deno.test("a failing connection ends the channel with an error", async () => {
  const [transport, peer] = connectionPair();
  const { channel } = open(transport, "host");
  await peer.writable.abort(new Error("gone"));
  assert.equal((await channel.closed)?.code, "channel-broken");
});

Deno.test("a listener that throws ends the channel, not the process", async () => {
  const [host, agent] = openPair({
    onMessage() {
      throw new TypeError("mistake");
    },
  });
  host.channel.send(1);
  const error = await agent.channel.closed;
  assert.equal(error?.code, "channel-broken");
  assert.ok(error?.cause instanceof TypeError);
  await close(host);
});
