import assert from "node:assert/strict";
import { EnvironmentError } from "../../shared/errors.ts";
import type { Channel, ChannelStream } from "../../shared/rpc/channel.ts";
import type { MethodHandlers } from "../../shared/rpc/peer.ts";
import { PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import {
  AgentSession,
  type ConnectOptions,
  type EgressPurpose,
} from "./agent_session.ts";
import { hello, TestAgent, type TestAgentOptions } from "../testing/agent.ts";
import { inTemporaryDirectory } from "../testing/trees.ts";

const egress: EgressPurpose = {
  kind: "egress",
  worker: "w1",
  rule: { host: "*.example.org", port: 443, protocol: "https" },
  host: "mirror.example.org",
};
const step = { kind: "build", script: "make" } as const;
const { signal } = new AbortController();

const encode = (text: string) => new TextEncoder().encode(text);

function connect(socket: string, changes: Partial<ConnectOptions> = {}) {
  return AgentSession.connect({
    socket,
    timeoutMs: 20_000,
    onEgress: (_purpose, stream) => stream.reset("not in this test"),
    signal,
    ...changes,
  });
}

/** Runs a test on a session with an agent. */
function withSession(
  options: TestAgentOptions,
  test: (session: AgentSession, agent: TestAgent) => Promise<void>,
  changes: Partial<ConnectOptions> = {},
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    await using agent = new TestAgent(`${directory}/rpc`, options);
    const { session } = await connect(agent.socket, changes);
    try {
      await test(session, agent);
    } finally {
      await session.close();
    }
  });
}

/** Runs a test at the socket of an agent. */
function withAgent(
  options: TestAgentOptions,
  test: (agent: TestAgent) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    await using agent = new TestAgent(`${directory}/rpc`, options);
    await test(agent);
  });
}

/** Serves `worker.run` by printing, then ending with a status. */
function printing(
  channel: Channel,
  print: (
    writer: WritableStreamDefaultWriter<Uint8Array>,
    signal: AbortSignal,
  ) => Promise<number>,
): Partial<MethodHandlers> {
  return {
    async "worker.run"({ worker }, { signal }) {
      const log = channel.openStream({ kind: "log", worker });
      const writer = log.writable.getWriter();
      writer.closed.catch(() => {});
      return { exitCode: await print(writer, signal) };
    },
  };
}

/** Resolves once the other side has reset a stream; fails if it ends well. */
async function refused(stream: ChannelStream): Promise<void> {
  await assert.rejects(new Response(stream.readable).bytes());
}

Deno.test("connecting gives the agent's hello", () =>
  withAgent({}, async ({ socket }) => {
    const connected = await connect(socket);
    assert.deepEqual(connected.hello, hello);
    await connected.session.close();
    assert.equal(await connected.session.closed, undefined);
  }));

Deno.test("what came before the greeting is discarded", () =>
  withSession({
    before: new Uint8Array(100_000).fill(0x0a),
    handlers: () => ({
      "manager.logs": () => Promise.resolve({ text: "fine" }),
    }),
  }, async (session) => {
    const { text } = await session.call("manager.logs", { lines: 1 });
    assert.equal(text, "fine");
  }));

Deno.test("connecting waits until there is a socket", () =>
  inTemporaryDirectory(async (directory) => {
    const connecting = connect(`${directory}/rpc`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await using _agent = new TestAgent(`${directory}/rpc`);
    const { session } = await connecting;
    await session.close();
  }));

const silent = (error: unknown) =>
  error instanceof EnvironmentError && error.code === "manager-silent";

Deno.test("a manager that does not greet is silent, after the time given", () =>
  withAgent({ greets: false }, async ({ socket }) => {
    const start = performance.now();
    await assert.rejects(connect(socket, { timeoutMs: 100 }), silent);
    assert.ok(performance.now() - start < 3000, "It took longer");
  }));

Deno.test("an agent that does not answer is silent, after the time given", () =>
  withAgent({
    handlers: () => ({ "manager.hello": untilCancelled }),
  }, async (agent) => {
    await assert.rejects(connect(agent.socket, { timeoutMs: 100 }), silent);
    await agent.hostLeft();
  }));

Deno.test("an interruption ends the wait for an agent", async () => {
  const cases: TestAgentOptions[] = [
    { greets: false },
    { handlers: () => ({ "manager.hello": untilCancelled }) },
  ];
  for (const options of cases) {
    await withAgent(options, async ({ socket }) => {
      const reason = new Error("interrupted");
      const interrupt = new AbortController();
      const connecting = connect(socket, { signal: interrupt.signal });
      setTimeout(() => interrupt.abort(reason), 50);
      await assert.rejects(connecting, reason);
    });
  }
});

Deno.test("an agent of another protocol says which it speaks", () =>
  withAgent({
    handlers: () => ({
      "manager.hello": () =>
        Promise.resolve({ ...hello, protocol: PROTOCOL_VERSION + 1 }),
    }),
  }, async (agent) => {
    const { session, hello } = await connect(agent.socket);
    assert.equal(hello.protocol, PROTOCOL_VERSION + 1);
    await session.close();
  }));

Deno.test("an agent that refuses to say hello is left", () =>
  withAgent({
    handlers: () => ({
      "manager.hello": () => Promise.reject(new Error("defect")),
    }),
  }, async (agent) => {
    await assert.rejects(connect(agent.socket), { code: "manager-internal" });
    await agent.hostLeft();
  }));

Deno.test("streams are refused until the agent has said hello", async () => {
  const seen: string[] = [];
  const early = Promise.withResolvers<void>();
  await withSession({
    handlers: (channel) => ({
      async "manager.hello"() {
        for (const purpose of [egress, { kind: "log", worker: "w1" }]) {
          await refused(channel.openStream(purpose));
        }
        early.resolve();
        return hello;
      },
      "manager.logs"() {
        channel.openStream(egress);
        return Promise.resolve({ text: "" });
      },
    }),
  }, async (session) => {
    await early.promise;
    assert.deepEqual(seen, []);
    await session.call("manager.logs", { lines: 1 });
    assert.deepEqual(seen, ["mirror.example.org"]);
  }, {
    onEgress(purpose, stream) {
      seen.push(purpose.host);
      stream.reset("seen");
    },
  });
});

Deno.test("streams of a purpose that is unknown or malformed are refused", () =>
  withSession({
    handlers: (channel) => ({
      async "manager.logs"() {
        const purposes = [
          null,
          { kind: "shell" },
          { ...egress, host: "UPPER.example.org" },
          { ...egress, extra: true },
          { kind: "log", worker: "w1" },
        ];
        for (const purpose of purposes) {
          await refused(channel.openStream(purpose));
        }
        return { text: "all refused" };
      },
    }),
  }, async (session) => {
    const { text } = await session.call("manager.logs", { lines: 1 });
    assert.equal(text, "all refused");
  }, { onEgress: () => assert.fail("An egress stream was announced") }));

Deno.test("a step hands on all that it prints before it ends", () =>
  withSession({
    handlers: (channel) =>
      printing(channel, async (writer) => {
        for (let n = 0; n < 50; n++) writer.write(encode(`line ${n}\n`));
        // The answer is on its way before the log's last bytes are taken.
        writer.write(new Uint8Array(200_000)).then(() => writer.close());
        await Promise.resolve();
        return 7;
      }),
  }, async (session) => {
    let text = "";
    let bytes = 0;
    const exitCode = await session.runStep("w1", step, async (piece) => {
      await new Promise((resolve) => setTimeout(resolve));
      bytes += piece.length;
      if (text.length < 1000) text += new TextDecoder().decode(piece);
    }, signal);
    assert.equal(exitCode, 7);
    assert.ok(text.startsWith("line 0\nline 1\n"));
    assert.equal(bytes, 200_000 + 10 * 7 + 40 * 8);
  }));

Deno.test("the logs of two workers do not mix", () =>
  withSession({
    handlers: (channel) => ({
      async "worker.run"({ worker }) {
        const log = channel.openStream({ kind: "log", worker });
        const writer = log.writable.getWriter();
        await writer.write(encode(worker));
        await writer.close();
        return { exitCode: 0 };
      },
    }),
  }, async (session) => {
    const texts = await Promise.all(["w1", "w2"].map(async (worker) => {
      let text = "";
      await session.runStep(worker, step, (bytes) => {
        text += new TextDecoder().decode(bytes);
        return Promise.resolve();
      }, signal);
      return text;
    }));
    assert.deepEqual(texts, ["w1", "w2"]);
  }));

Deno.test("an error of the sink ends the step and the agent's log", async () => {
  const mistake = new Error("the disk is full");
  await withSession({
    handlers: (channel) =>
      printing(channel, async (writer) => {
        // Goes on until the host gives up the stream.
        for (;;) await writer.write(encode("y\n".repeat(1000)));
      }),
  }, async (session) => {
    const running = session.runStep(
      "w1",
      step,
      () => Promise.reject(mistake),
      signal,
    );
    await assert.rejects(running, mistake);
    await assert.rejects(session.call("manager.logs", { lines: 1 }), {
      code: "manager-unknown-build",
    });
  });
});

Deno.test("an error of the sink cancels a step that prints no more", async () => {
  const mistake = new Error("the disk is full");
  await withSession({
    handlers: (channel) =>
      printing(channel, async (writer, signal) => {
        await writer.write(encode("line\n"));
        return await untilCancelled({}, { signal });
      }),
  }, async (session) => {
    const sink = () => Promise.reject(mistake);
    await assert.rejects(session.runStep("w1", step, sink, signal), mistake);
  });
});

Deno.test("an interruption cancels a step", async () => {
  const reason = new Error("interrupted");
  const interrupt = new AbortController();
  await withSession({
    handlers: (channel) =>
      printing(channel, async (writer, signal) => {
        await writer.write(encode("line\n"));
        return await untilCancelled({}, { signal });
      }),
  }, async (session) => {
    const sink = () => Promise.resolve(interrupt.abort(reason));
    const running = session.runStep("w1", step, sink, interrupt.signal);
    await assert.rejects(running, reason);
  });
});

Deno.test("a log that nobody waits for is refused", async () => {
  const result = Promise.withResolvers<void>();
  await withSession({
    handlers: (channel) => ({
      async "worker.run"({ worker }) {
        const writer = channel.openStream({ kind: "log", worker }).writable;
        await writer.close();
        const late = channel.openStream({ kind: "log", worker: "other" });
        refused(late).then(result.resolve, result.reject);
        return { exitCode: 0 };
      },
    }),
  }, async (session) => {
    await session.runStep("w1", step, () => Promise.resolve(), signal);
    await result.promise;
  });
});

Deno.test("a step fails when the connection ends", () =>
  withSession({
    handlers: (channel) =>
      printing(channel, async (writer) => {
        await writer.write(encode("line\n"));
        await channel.close();
        return 0;
      }),
  }, async (session) => {
    const sink = () => Promise.resolve();
    await assert.rejects(session.runStep("w1", step, sink, signal), {
      code: "channel-closed",
    });
  }));

/** A handler that ends only when the host has given up. */
function untilCancelled(
  _params: unknown,
  { signal }: { signal: AbortSignal },
): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(new Error("cancelled")))
  );
}
