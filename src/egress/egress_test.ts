import assert from "node:assert/strict";
import type { Isolate, IsolateContext } from "../isolate/isolate.ts";
import { openPortStream } from "../isolate/port_stream.ts";
import { egressUrl, spawnEgress } from "../permissions/isolates.ts";
import type { EgressRule } from "../shared/network/egress_rule.ts";
import type { DialEvent } from "./dialer.ts";
import type { EgressApi, EgressSettings } from "./egress.ts";
import { createEgressHandlers } from "./egress_server.ts";
import { noProxy } from "./proxy_settings.ts";
import { ConnectProxy, copy } from "./testing/connect_proxy.ts";

const rule: EgressRule = { host: "*.example.org", port: 80, protocol: "http" };
const destination = { ...rule, host: "mirror.example.org" };

function settings(
  rules: EgressRule[],
  others: Partial<EgressSettings> = {},
): EgressSettings {
  return {
    rules,
    learn: false,
    denied: [],
    opened: [],
    proxy: noProxy,
    limits: {},
    ...others,
  };
}

function context(events: DialEvent[] = []): IsolateContext<DialEvent> {
  return {
    signal: new AbortController().signal,
    emit: (event) => Promise.resolve(void events.push(event)),
    transfer: () => assert.fail("Handed something over"),
  };
}

Deno.test("a worker's stream is carried to a host and counted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const handlers = createEgressHandlers({
    resolve: () => Promise.resolve(["203.0.113.1"]),
    connect: ({ signal }) => Deno.connect({ port, signal }),
  });
  await handlers.configure(settings([rule]), context() as never);
  const { port1, port2 } = new MessageChannel();
  const events: DialEvent[] = [];
  const opened = handlers.open({ destination, port: port2 }, context(events));
  const { readable, writable } = openPortStream(port1);
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("GET"));
  const server = await listener.accept();
  const buffer = new Uint8Array(10);
  assert.equal(await server.read(buffer), 3);
  await server.write(buffer.subarray(0, 2));
  server.close();
  assert.equal(await new Response(readable).text(), "GE");
  await writer.close();
  await opened;
  assert.deepEqual(events.map(({ type }) => type), ["allowed", "connected"]);
  assert.deepEqual(await handlers.usage({}, context() as never), [
    { rule, connections: 1, bytesToHost: 3, bytesFromHost: 2 },
  ]);
});

Deno.test("new rules end the connections of the old ones", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const handlers = createEgressHandlers({
    resolve: () => Promise.resolve(["203.0.113.1"]),
    connect: ({ signal }) => Deno.connect({ port, signal }),
  });
  await handlers.configure(settings([rule]), context() as never);
  const { port1, port2 } = new MessageChannel();
  const opened = handlers.open({ destination, port: port2 }, context());
  const stream = openPortStream(port1);
  const server = await listener.accept();
  await handlers.configure(settings([]), context() as never);
  await opened;
  assert.equal(await server.read(new Uint8Array(1)), null);
  await assert.rejects(new Response(stream.readable).text());
  server.close();
});

/** Has the isolate open a connection that it should refuse. */
async function assertRefused(
  isolate: Isolate<EgressApi>,
  destination: EgressRule,
  code: string,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const stream = openPortStream(port1);
  const reset = assert.rejects(
    new Response(stream.readable).text(),
    new RegExp(code),
  );
  await assert.rejects(
    isolate.call("open", { destination, port: port2 }, { transfer: [port2] }),
    { code },
  );
  await reset;
}

/** Has the isolate open a connection, to a listener that sends all back. */
async function assertEchoed(
  isolate: Isolate<EgressApi>,
  destination: EgressRule,
  listener: Deno.Listener<Deno.TcpConn>,
  text: string,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const carried = isolate.call(
    "open",
    { destination, port: port2 },
    { transfer: [port2] },
  );
  const { readable, writable } = openPortStream(port1);
  const server = await listener.accept();
  const echoing = copy(server, server).finally(() => server.close());
  const reading = new Response(readable).text();
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  assert.equal(await reading, text);
  await Promise.all([carried, echoing]);
}

Deno.test("the isolate refuses without rules, and loopback by any name", async () => {
  const isolate = spawnEgress(egressUrl);
  try {
    await assertRefused(isolate, destination, "not-allowed");
    const local = { ...rule, host: "localhost" };
    await isolate.call("configure", settings([local]));
    await assertRefused(isolate, local, "refused-address");
    assert.deepEqual(await isolate.call("usage", {}), []);
    const { attempts } = await isolate.call("verdict", {});
    assert.deepEqual(
      attempts.records.map(({ refusal, host }) => [refusal, host]),
      [
        ["destination-not-allowed", "mirror.example.org"],
        ["address-refused", "localhost"],
      ],
    );
  } finally {
    isolate.terminate();
  }
});

Deno.test("the isolate carries bytes to an address that user and rules name", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const named: EgressRule = { host: "127.0.0.1", port, protocol: "tcp" };
  const isolate = spawnEgress(egressUrl);
  try {
    await isolate.call("configure", settings([named]));
    await assertRefused(isolate, named, "refused-address");
    const opened = [named.host];
    await isolate.call("configure", settings([], { opened }));
    await assertRefused(isolate, named, "not-allowed");
    await isolate.call("configure", settings([named], { opened }));
    await assertEchoed(isolate, named, listener, "x".repeat(300_000));
    const [usage] = await isolate.call("usage", {});
    assert.deepEqual(usage, {
      rule: named,
      connections: 1,
      bytesToHost: 300_000,
      bytesFromHost: 300_000,
    });
  } finally {
    isolate.terminate();
  }
});

Deno.test("the isolate goes through the user's proxy", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const named: EgressRule = { host: "192.0.2.1", port: 80, protocol: "http" };
  await using proxy = new ConnectProxy({ places: { "192.0.2.1:80": port } });
  const isolate = spawnEgress(egressUrl);
  try {
    const http = {
      hostname: "127.0.0.1",
      port: proxy.port,
      tls: false,
      authorization: null,
    };
    const behind = { proxy: { ...noProxy, http } };
    await isolate.call("configure", settings([named], behind));
    await assertEchoed(isolate, named, listener, "hello");
    assert.match(proxy.requests.join(), /^CONNECT 192\.0\.2\.1:80 HTTP/);
  } finally {
    isolate.terminate();
  }
});
