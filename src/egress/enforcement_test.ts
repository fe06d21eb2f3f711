import assert from "node:assert/strict";
import type { IsolateContext } from "../isolate/isolate.ts";
import { openPortStream } from "../isolate/port_stream.ts";
import type { EgressRule } from "../shared/network/egress_rule.ts";
import { attemptSchema, limitRecordSchema } from "../shared/rpc/verdict.ts";
import type { EgressSettings } from "./egress.ts";
import { createEgressHandlers } from "./egress_server.ts";
import type { Finding } from "./findings.ts";
import { noProxy } from "./proxy_settings.ts";

const rule: EgressRule = { host: "a.example", port: 80, protocol: "http" };

function context<E>(emit: (event: E) => void = () => {}): IsolateContext<E> {
  return {
    signal: new AbortController().signal,
    emit: (event) => Promise.resolve(emit(event)),
    transfer: () => assert.fail("Handed something over"),
  };
}

/** Handlers whose connections all end at a server on this machine. */
async function withHandlers(
  settings: Partial<EgressSettings>,
  answers: Record<string, string[] | Promise<string[]>>,
  test: (given: {
    handlers: ReturnType<typeof createEgressHandlers>;
    findings: Finding[];
    /** Opens a connection; the worker's end, and the server's if it is dialed. */
    open(destination: EgressRule): {
      opened: Promise<void>;
      stream: ReturnType<typeof openPortStream>;
      accept(): Promise<Deno.TcpConn>;
    };
  }) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const handlers = createEgressHandlers({
    resolve: async (host) => await answers[host] ?? ["203.0.113.1"],
    connect: ({ signal }) => Deno.connect({ port, signal }),
  });
  const findings: Finding[] = [];
  const watched = new AbortController();
  const watching = handlers.watch({}, {
    ...context((finding: Finding) => findings.push(finding)),
    signal: watched.signal,
  });
  await handlers.configure({
    rules: [rule],
    learn: false,
    denied: [],
    opened: [],
    proxy: noProxy,
    limits: {},
    ...settings,
  }, context());
  await test({
    handlers,
    findings,
    open(destination) {
      const { port1, port2 } = new MessageChannel();
      const opened = handlers.open({ destination, port: port2 }, context());
      return {
        opened,
        stream: openPortStream(port1),
        accept: () => listener.accept(),
      };
    },
  });
  watched.abort();
  await watching;
}

/** Reads until the end, or until the stream breaks off. */
async function countBytes(readable: ReadableStream<Uint8Array>) {
  let bytes = 0;
  try {
    for await (const chunk of readable) bytes += chunk.length;
  } catch {
    // What arrived until then counts.
  }
  return bytes;
}

async function sendAll(writable: WritableStream<Uint8Array>, bytes: number) {
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  for (let left = bytes; left > 0; left -= 1000) {
    await writer.write(new Uint8Array(Math.min(1000, left)));
  }
  await writer.close();
}

Deno.test("a worker that sends more than the total is cut off there", () =>
  withHandlers(
    { limits: { totalBytes: 10_500 } },
    {},
    async ({ handlers, findings, open }) => {
      const { opened, stream, accept } = open(rule);
      // More than what may be on its way.
      const failed = assert.rejects(sendAll(stream.writable, 2_000_000));
      const reading = countBytes(stream.readable);
      const server = await accept();
      assert.equal(await countBytes(server.readable), 10_500);
      await opened;
      await failed;
      await reading;
      assert.equal(findings.length, 1);
      const [finding] = findings;
      assert.ok(finding?.type === "limit");
      const { allowed, measured } = limitRecordSchema.parse(finding.record);
      assert.equal(allowed, 10_500);
      assert.ok(measured > 10_500 && measured <= 10_500 + 64 * 1024);
      const [usage] = await handlers.usage({}, context());
      assert.equal(usage?.bytesToHost, 10_500);
    },
  ));

Deno.test("a host that sends more than the total is cut off there", () =>
  withHandlers(
    { limits: { totalBytes: 300_001 } },
    {},
    async ({ findings, open }) => {
      const { opened, stream, accept } = open(rule);
      const server = await accept();
      const sending = sendAll(server.writable, 2_000_000).catch(() => {});
      // The stream is reset: of what it holds by then the worker sees a part.
      assert.ok(await countBytes(stream.readable) <= 300_001);
      await opened;
      await sending;
      assert.deepEqual(findings.map(({ type }) => type), ["limit"]);
    },
  ));

Deno.test("the total ends every connection, and those of later settings", () =>
  withHandlers(
    { limits: { totalBytes: 1000 } },
    {},
    async ({ handlers, open }) => {
      const idle = open(rule);
      const idleServer = await idle.accept();
      const busy = open(rule);
      const busyServer = await busy.accept();
      const failed = assert.rejects(sendAll(busy.stream.writable, 2_000_000));
      assert.equal(await countBytes(busyServer.readable), 1000);
      assert.equal(await countBytes(idleServer.readable), 0);
      await Promise.all([idle.opened, busy.opened, failed]);
      await handlers.configure({
        rules: [rule],
        learn: false,
        denied: [],
        opened: [],
        proxy: noProxy,
        limits: { totalBytes: 1000 },
      }, context());
      await assert.rejects(open(rule).opened, { code: "over-limit" });
      for (const { stream } of [idle, busy]) {
        await countBytes(stream.readable);
      }
    },
  ));

Deno.test("exactly the total passes without a finding", () =>
  withHandlers(
    { limits: { totalBytes: 5000 } },
    {},
    async ({ findings, open }) => {
      const { opened, stream, accept } = open(rule);
      const sending = sendAll(stream.writable, 4000);
      const server = await accept();
      assert.equal(await countBytes(server.readable).then(String), "4000");
      await sending;
      await stream.readable.cancel();
      await opened.catch(() => {});
      assert.deepEqual(findings, []);
    },
  ));

Deno.test("a rate slows both directions together", () =>
  withHandlers(
    // 1 MB/s, of which 100 kB go at once.
    { limits: { bitsPerSecond: 8_000_000 } },
    {},
    async ({ open }) => {
      const { opened, stream, accept } = open(rule);
      const server = await accept();
      const start = performance.now();
      const echoing = server.readable.pipeTo(server.writable);
      const reading = countBytes(stream.readable);
      await sendAll(stream.writable, 150_000);
      assert.equal(await reading, 150_000);
      await Promise.all([echoing, opened]);
      const elapsed = performance.now() - start;
      assert.ok(elapsed >= 195, `${elapsed} ms`);
    },
  ));

Deno.test("a destination that no rule allows is held against the build", () =>
  withHandlers({ denied: ["a.example"] }, {}, async ({ findings, open }) => {
    const wanted: EgressRule[] = [
      { ...rule, port: 443, protocol: "https" },
      rule,
      { host: "203.0.113.9", port: 22, protocol: "ssh" },
    ];
    for (const destination of [...wanted, ...wanted]) {
      const { opened, stream } = open(destination);
      await assert.rejects(opened);
      await assert.rejects(new Response(stream.readable).text());
    }
    assert.deepEqual(
      findings.map((finding) => {
        assert.ok(finding.type === "attempt");
        const { time: _, ...attempt } = attemptSchema.parse(finding.attempt);
        return attempt;
      }),
      wanted.map(({ host, port, protocol }) => ({
        refusal: "destination-not-allowed",
        protocol,
        host: host === "a.example" ? host : null,
        address: host === "a.example" ? null : host,
        port,
        content: null,
        claimed: null,
        count: 1,
      })),
    );
  }));

Deno.test("a name that leads to this machine is held against the build", () =>
  withHandlers(
    {},
    { "a.example": ["fe80::1%eth0", "127.0.0.1"] },
    async ({ handlers, findings, open }) => {
      for (const _ of [1, 2]) {
        const { opened, stream } = open(rule);
        await assert.rejects(opened, { code: "refused-address" });
        await assert.rejects(new Response(stream.readable).text());
      }
      const [finding] = findings;
      assert.ok(findings.length === 1 && finding?.type === "attempt");
      const { refusal, host, address, port, protocol } = attemptSchema.parse(
        finding.attempt,
      );
      assert.deepEqual({ refusal, host, address, port, protocol }, {
        ...rule,
        refusal: "address-refused",
        address: "fe80::1",
      });
      const { attempts } = await handlers.verdict({}, context());
      assert.deepEqual([attempts.total, attempts.records[0]?.count], [2, 2]);
    },
  ));

Deno.test("a name that does not resolve is no attempt", () =>
  withHandlers({}, { "a.example": [] }, async ({ findings, open }) => {
    const { opened, stream } = open(rule);
    await assert.rejects(opened, { code: "no-address" });
    await assert.rejects(new Response(stream.readable).text());
    assert.deepEqual(findings, []);
  }));

Deno.test("while learning, a host is told once and carried like others", () =>
  withHandlers({ learn: true }, {
    "private.example": ["10.0.0.1"],
  }, async ({ handlers, findings, open }) => {
    const other: EgressRule = {
      host: "b.example",
      port: 443,
      protocol: "https",
    };
    for (const _ of [1, 2]) {
      const { opened, stream, accept } = open(other);
      const sending = sendAll(stream.writable, 100);
      const server = await accept();
      assert.equal(await countBytes(server.readable), 100);
      await Promise.all([sending, countBytes(stream.readable), opened]);
    }
    const refused = open({ ...other, host: "private.example" });
    await assert.rejects(refused.opened);
    await assert.rejects(new Response(refused.stream.readable).text());
    assert.deepEqual(findings.map(({ type }) => type), ["learned", "attempt"]);
    assert.deepEqual(findings[0], { type: "learned", ...other });
    const usage = await handlers.usage({}, context());
    assert.deepEqual(usage, [
      { rule: other, connections: 2, bytesToHost: 200, bytesFromHost: 0 },
    ]);
  }));

Deno.test("a verdict waits for names that are still looked up", async () => {
  const answer = Promise.withResolvers<string[]>();
  await withHandlers(
    {},
    { "a.example": answer.promise },
    async ({ handlers, open }) => {
      const failed = assert.rejects(open(rule).opened);
      const verdict = handlers.verdict({}, context());
      answer.resolve(["127.0.0.1"]);
      assert.equal((await verdict).attempts.total, 1);
      await failed;
    },
  );
});

Deno.test("a verdict does not wait for hosts that are slow to connect", async () => {
  const handlers = createEgressHandlers({
    resolve: () => Promise.resolve(["203.0.113.1"]),
    connect: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    limits: {
      resolveMilliseconds: 1000,
      connectMilliseconds: 500,
      addresses: 1,
    },
  });
  await handlers.configure({
    rules: [rule],
    learn: false,
    denied: [],
    opened: [],
    proxy: noProxy,
    limits: {},
  }, context());
  const { port1, port2 } = new MessageChannel();
  let isOver = false;
  const opened = handlers.open({ destination: rule, port: port2 }, context())
    .catch(() => isOver = true);
  assert.equal((await handlers.verdict({}, context())).attempts.total, 0);
  assert.ok(!isOver);
  await opened;
  port1.close();
});
