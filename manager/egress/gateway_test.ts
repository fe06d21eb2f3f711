import assert from "node:assert/strict";
import type { EgressRule } from "../../src/shared/network/egress_rule.ts";
import { writeAll } from "../../src/shared/rpc/write_all.ts";
import type { EgressStream } from "./carry.ts";
import { Gateway, type OpenEgress } from "./gateway.ts";
import type { Refused } from "./inspection/inspector.ts";

const LOOPBACK = "127.0.0.1";

/** A port that was free a moment ago. */
function freePort(): number {
  const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  listener.close();
  return listener.addr.port;
}

function destination(port: number) {
  const rule: EgressRule = { host: "a.test", port, protocol: "tcp" };
  return { address: LOOPBACK, host: "a.test", rule };
}

/** A host that sends back what it gets. */
function echo(): EgressStream {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  return { readable, writable, reset: () => {} };
}

/** A gateway without limits; what it refuses is noted. */
function makeGateway(
  client: string,
  open: OpenEgress,
  refused: Refused[] = [],
): Gateway {
  return new Gateway({
    client,
    open,
    budget: { passNetwork: () => Promise.resolve(true) },
    onRefused: (_destination, reason) => refused.push(reason),
  });
}

async function readAll(connection: Deno.TcpConn): Promise<string> {
  return await new Response(connection.readable).text();
}

Deno.test("Gateway hands a connection to the host, both ways", async () => {
  const opened: string[] = [];
  const gateway = makeGateway(LOOPBACK, (rule, host) => {
    opened.push(`${host}:${rule.port}`);
    return echo();
  });
  const port = freePort();
  assert.ok(gateway.listen(destination(port)));
  const connection = await Deno.connect({ hostname: LOOPBACK, port });
  const text = "hello ".repeat(50_000);
  const answer = readAll(connection);
  await writeAll(connection, new TextEncoder().encode(text));
  await connection.closeWrite();
  assert.equal(await answer, text);
  assert.deepEqual(opened, [`a.test:${port}`]);
  gateway.clear();
});

Deno.test("Gateway serves nobody but its worker", async () => {
  const gateway = makeGateway("127.0.0.9", () => assert.fail("opened"));
  const port = freePort();
  gateway.listen(destination(port));
  const connection = await Deno.connect({ hostname: LOOPBACK, port });
  const size = await connection.read(new Uint8Array(1)).catch(() => null);
  assert.equal(size, null);
  connection.close();
  gateway.clear();
});

Deno.test("Gateway closes a connection that the host refuses", async () => {
  const gateway = makeGateway(LOOPBACK, () => ({
    ...echo(),
    readable: new ReadableStream({
      start: (controller) => controller.error(new Error("refused")),
    }),
  }));
  const port = freePort();
  gateway.listen(destination(port));
  const connection = await Deno.connect({ hostname: LOOPBACK, port });
  const size = await connection.read(new Uint8Array(1)).catch(() => null);
  assert.equal(size, null);
  connection.close();
  gateway.clear();
});

Deno.test("clear() ends listeners and connections", async () => {
  const gateway = makeGateway(LOOPBACK, echo);
  const port = freePort();
  gateway.listen(destination(port));
  const connection = await Deno.connect({ hostname: LOOPBACK, port });
  await writeAll(connection, new Uint8Array([1]));
  assert.equal(await connection.read(new Uint8Array(1)), 1);
  gateway.clear();
  const size = await connection.read(new Uint8Array(1)).catch(() => null);
  assert.equal(size, null);
  connection.close();
  await assert.rejects(Deno.connect({ hostname: LOOPBACK, port }));
});

Deno.test("Gateway dials nobody for what is not the declared protocol", async () => {
  const refused: Refused[] = [];
  const gateway = makeGateway(LOOPBACK, () => assert.fail("opened"), refused);
  const port = freePort();
  const { address, host } = destination(port);
  const rule: EgressRule = { host, port, protocol: "https" };
  gateway.listen({ address, host, rule });
  const connection = await Deno.connect({ hostname: LOOPBACK, port });
  await writeAll(connection, new TextEncoder().encode("GET / HTTP/1.1\r\n"));
  const size = await connection.read(new Uint8Array(1)).catch(() => null);
  assert.equal(size, null);
  connection.close();
  gateway.clear();
  assert.equal(refused.length, 1);
  assert.equal(refused[0]!.refusal, "wrong-protocol");
  assert.equal(refused[0]!.content, "http");
});

Deno.test("Gateway ends a connection whose later request is for another host", async () => {
  const refused: Refused[] = [];
  const opened: Uint8Array[] = [];
  const gateway = makeGateway(LOOPBACK, () => {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const readable = new ReadableStream<Uint8Array>({
      start: (started) => void (controller = started),
    });
    const writable = new WritableStream<Uint8Array>({
      write(chunk) {
        opened.push(chunk.slice());
        controller.enqueue(chunk.slice());
      },
    });
    return { readable, writable, reset: (reason) => controller.error(reason) };
  }, refused);
  const port = freePort();
  const { address, host } = destination(port);
  gateway.listen({ address, host, rule: { host, port, protocol: "http" } });
  const connection = await Deno.connect({ hostname: LOOPBACK, port });
  const request = (name: string) =>
    new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
  await writeAll(connection, request(`a.test:${port}`));
  assert.ok(await connection.read(new Uint8Array(100)));
  await writeAll(connection, request("b.test"));
  while (await connection.read(new Uint8Array(100)).catch(() => null));
  connection.close();
  gateway.clear();
  assert.deepEqual(refused, [{
    refusal: "name-mismatch",
    content: "http",
    claimed: "b.test",
  }]);
  const sent = new TextDecoder().decode(
    await new Blob(opened as BlobPart[]).bytes(),
  );
  assert.ok(!sent.includes("b.test"));
});

Deno.test("Gateway carries no more than the budget lets through", async () => {
  let left = 100_000;
  const gateway = new Gateway({
    client: LOOPBACK,
    open: echo,
    budget: {
      passNetwork: (bytes) => Promise.resolve((left -= bytes) >= 0),
    },
    onRefused: () => assert.fail("refused"),
  });
  const port = freePort();
  gateway.listen(destination(port));
  const connection = await Deno.connect({ hostname: LOOPBACK, port });
  const answer = readAll(connection).catch(() => "broken");
  await writeAll(connection, new Uint8Array(300_000)).catch(() => {});
  const received = await answer;
  assert.ok(received === "broken" || received.length <= 100_000);
  gateway.clear();
});
