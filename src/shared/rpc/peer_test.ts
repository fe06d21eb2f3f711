import assert from "node:assert/strict";
import fc from "fast-check";
import { EnvironmentError } from "../errors.ts";
import { Channel } from "./channel.ts";
import { connectionPair } from "./connection_pair.ts";
import {
  type AgentClient,
  AgentError,
  createAgentClient,
  type MethodHandlers,
  type MethodServer,
  type MethodServerOptions,
  RpcFailureError,
  serveMethods,
} from "./peer.ts";
import { methods, RpcErrorCode } from "./protocol.ts";

/** Handlers of a test: methods that it does not call are unknown builds. */
function handlersWith(some: Partial<MethodHandlers>): MethodHandlers {
  const refuse = () =>
    Promise.reject(new AgentError("unknown-build", "Not in this test"));
  const all = Object.fromEntries(
    Object.keys(methods).map((method) => [method, refuse]),
  );
  return { ...all, ...some } as MethodHandlers;
}

interface Peers {
  client: AgentClient;
  host: Channel;
  agent: Channel;
}

function connect(
  some: Partial<MethodHandlers>,
  options: MethodServerOptions = {},
): Peers {
  const [hostEnd, agentEnd] = connectionPair();
  const onStream = () => {};
  const host: Channel = new Channel(hostEnd, {
    side: "host",
    onStream,
    onMessage: (message) => client.receive(message),
  });
  const client = createAgentClient(host);
  const agent: Channel = new Channel(agentEnd, {
    side: "agent",
    onStream,
    onMessage: (message) => server.receive(message),
  });
  const server: MethodServer = serveMethods(
    agent,
    handlersWith(some),
    options,
  );
  return { client, host, agent };
}

async function close({ host, agent }: Peers): Promise<void> {
  await host.close();
  await agent.close();
}

/** Resolves when the signal is aborted, with its reason. */
function aborted(signal: AbortSignal): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  signal.addEventListener("abort", () => resolve(signal.reason));
  return promise;
}

const logs = { lines: 1 };

Deno.test("a call returns what the handler made of its parameters", async () => {
  const peers = connect({
    "manager.logs": ({ lines }) => Promise.resolve({ text: `${lines} lines` }),
  });
  const texts = await Promise.all(
    [1, 2, 3].map((lines) => peers.client.call("manager.logs", { lines })),
  );
  assert.deepEqual(texts.map(({ text }) => text), [
    "1 lines",
    "2 lines",
    "3 lines",
  ]);
  await close(peers);
});

Deno.test("the agent's refusal arrives with its code and detail", async () => {
  const peers = connect({
    "manager.logs"() {
      throw new AgentError("boot-failed", "No sign\u001b of life", {
        detail: "Kernel panic",
      });
    },
  });
  await assert.rejects(peers.client.call("manager.logs", logs), (error) => {
    assert.ok(error instanceof RpcFailureError);
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.code, "manager-boot-failed");
    assert.equal(
      error.message,
      'The manager cannot do "manager.logs": "No sign\\u001b of life"',
    );
    assert.equal(error.rpcCode, RpcErrorCode.failed);
    assert.deepEqual(error.failure, {
      code: "boot-failed",
      detail: "Kernel panic",
    });
    assert.equal(error.detail, "Kernel panic");
    return true;
  });
  await close(peers);
});

Deno.test("any other failure is internal, and told to the agent", async () => {
  const told: unknown[] = [];
  const mistake = new TypeError("a mistake");
  const peers = connect(
    { "manager.logs": () => Promise.reject(mistake) },
    { onInternalError: (...args) => told.push(args) },
  );
  await assert.rejects(peers.client.call("manager.logs", logs), {
    code: "manager-internal",
    detail: "TypeError: a mistake",
  });
  assert.deepEqual(told, [["manager.logs", mistake]]);
  await close(peers);
});

Deno.test("texts of errors are cut to what the protocol allows", async () => {
  const peers = connect({
    "manager.logs": () =>
      Promise.reject(
        new AgentError("internal", "m".repeat(9_000), {
          detail: "d".repeat(90_000) + "end",
        }),
      ),
  });
  const error = await peers.client.call("manager.logs", logs).catch((e) => e);
  assert.equal(error.failure.detail.length, 64_000);
  assert.ok(error.detail.endsWith("end"));
  await close(peers);
});

Deno.test("a result too long to send is an internal failure", async () => {
  const peers = connect({
    "manager.logs": () => Promise.resolve({ text: "x".repeat(9_000_000) }),
  });
  await assert.rejects(peers.client.call("manager.logs", logs), {
    code: "manager-internal",
  });
  await close(peers);
});

Deno.test("the agent refuses wrong parameters", async () => {
  const peers = connect({ "manager.logs": () => assert.fail("was called") });
  for (const params of [{ lines: 0 }, { lines: 1, more: 1 }, {}, []]) {
    await assert.rejects(
      peers.client.call("manager.logs", params as typeof logs),
      { rpcCode: -32602, code: "manager-failed" },
    );
  }
  await close(peers);
});

Deno.test("the agent refuses methods that it does not have", async () => {
  const peers = connect({});
  for (const method of ["manager.nothing", "toString", "__proto__"]) {
    await assert.rejects(
      peers.client.call(method as "manager.logs", logs),
      { rpcCode: -32601 },
    );
  }
  await close(peers);
});

Deno.test("the host refuses a result that does not match its schema", async () => {
  const peers = connect({
    "manager.logs": () => Promise.resolve({ text: "", extra: 1 }),
  });
  await assert.rejects(peers.client.call("manager.logs", logs), {
    code: "rpc-malformed-result",
  });
  await close(peers);
});

Deno.test("a cancelled call aborts the handler and rejects when it ended", async () => {
  let ended = false;
  const peers = connect({
    async "manager.logs"(_params, { signal }) {
      await aborted(signal);
      ended = true;
      throw new Error("stopped");
    },
  });
  const abort = new AbortController();
  const reason = new Error("enough");
  const call = peers.client.call("manager.logs", logs, {
    signal: abort.signal,
  });
  const rejected = assert.rejects(call, reason);
  abort.abort(reason);
  await rejected;
  assert.ok(ended);
  await assert.rejects(
    peers.client.call("manager.logs", logs, { signal: abort.signal }),
    reason,
  );
  await close(peers);
});

Deno.test("a cancelled call does not wait for ever, nor mind a late answer", async () => {
  const answer = Promise.withResolvers<{ text: string }>();
  const peers = connect({
    "manager.logs": () => answer.promise,
    "manager.shutdown": () => Promise.resolve({}),
  });
  const started = performance.now();
  await assert.rejects(
    peers.client.call("manager.logs", logs, { signal: AbortSignal.timeout(1) }),
    { name: "TimeoutError" },
  );
  const waited = performance.now() - started;
  assert.ok(waited > 4_900, `${waited} ms`);
  answer.resolve({ text: "late" });
  await peers.client.call("manager.shutdown", { force: false });
  await close(peers);
});

Deno.test("calls reject and handlers are aborted when the channel ends", async () => {
  const seen = Promise.withResolvers<unknown>();
  const closed = Promise.withResolvers<void>();
  const peers = connect({
    async "manager.logs"(_params, { signal }) {
      seen.resolve(aborted(signal));
      await seen.promise;
      return { text: "" };
    },
  }, { onClose: closed.resolve });
  const call = peers.client.call("manager.logs", logs);
  const rejected = assert.rejects(call, { code: "channel-closed" });
  await new Promise((resolve) => setTimeout(resolve, 10));
  await peers.agent.close();
  await rejected;
  await closed.promise;
  assert.ok(await seen.promise instanceof Error);
  await assert.rejects(peers.client.call("manager.logs", logs), {
    code: "channel-closed",
  });
  await close(peers);
});

Deno.test("requests under way are bounded", async () => {
  const gate = Promise.withResolvers<{ text: string }>();
  const peers = connect(
    { "manager.logs": () => gate.promise },
    { maxRequests: 2 },
  );
  const running = [1, 2].map(() => peers.client.call("manager.logs", logs));
  await assert.rejects(peers.client.call("manager.logs", logs), {
    code: "manager-busy",
  });
  gate.resolve({ text: "" });
  await Promise.all(running);
  await peers.client.call("manager.logs", logs);
  await close(peers);
});

const jsonOrMessage = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record({
    jsonrpc: fc.constantFrom("2.0", "1.0"),
    id: fc.oneof(fc.constantFrom("a", "A"), fc.integer()),
    result: fc.jsonValue({ maxDepth: 1 }),
    error: fc.jsonValue({ maxDepth: 1 }),
  }, { requiredKeys: [] }),
);

Deno.test("any message that answers no request ends the host's channel", async () => {
  await fc.assert(fc.asyncProperty(jsonOrMessage, async (message) => {
    const peers = connect({});
    peers.agent.send(message);
    assert.equal((await peers.host.closed)?.code, "channel-violation");
    await close(peers);
  }));
});

Deno.test("any message that is no request ends the agent's channel", async () => {
  await fc.assert(fc.asyncProperty(jsonOrMessage, async (message) => {
    const peers = connect({});
    peers.host.send(message);
    assert.equal((await peers.agent.closed)?.code, "channel-violation");
    await close(peers);
  }));
});

Deno.test("an id used again, while its request is under way, ends the channel", async () => {
  const peers = connect({ "manager.logs": () => new Promise(() => {}) });
  const request = { jsonrpc: "2.0", id: "a", method: "manager.logs" };
  peers.host.send({ ...request, params: logs });
  peers.host.send({ ...request, params: logs });
  assert.equal((await peers.agent.closed)?.code, "channel-violation");
  await close(peers);
});
