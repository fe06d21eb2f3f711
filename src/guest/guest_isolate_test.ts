import assert from "node:assert/strict";
import { type Isolate, spawnIsolate } from "../isolate/isolate.ts";
import { unixSocketPermissions } from "../host/unix_permission.ts";
import { openPortStream } from "../isolate/port_stream.ts";
import type { GuestApi } from "./guest.ts";
import { hello, TestAgent } from "./testing/agent.ts";
import { inTemporaryDirectory } from "./testing/trees.ts";

/** Runs a test on an isolate that may touch a directory of its own. */
function withGuest(
  test: (guest: Isolate<GuestApi>, directory: string) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    const guest = spawnIsolate<GuestApi>({
      url: new URL("./guest.isolate.ts", import.meta.url),
      name: "guest",
      permissions: {
        read: [directory],
        write: [directory],
        net: unixSocketPermissions([`${directory}/rpc`]),
      },
    });
    try {
      await test(guest, directory);
    } finally {
      guest.terminate();
    }
  });
}

Deno.test("nothing works on a manager or a log that is not there", () =>
  withGuest(async (guest) => {
    const request = { method: "manager.status", params: {} } as const;
    await assert.rejects(guest.call("request", request), {
      code: "not-connected",
    });
    const step = { kind: "build", script: "make" } as const;
    await assert.rejects(guest.call("runStep", { worker: "w1", step }), {
      code: "log-closed",
    });
    await guest.call("disconnect", {});
    assert.deepEqual(await guest.call("closeLog", {}), { bytes: 0 });
  }));

Deno.test("a step's output goes to the log and to the caller", () =>
  withGuest(async (guest, directory) => {
    await using agent = new TestAgent(`${directory}/rpc`, {
      handlers: (channel) => ({
        async "worker.run"({ worker }) {
          const log = channel.openStream({ kind: "log", worker });
          const writer = log.writable.getWriter();
          await writer.write(
            new TextEncoder().encode("\x1b[31mred\x1b[0m\nrest\x07"),
          );
          await writer.close();
          return { exitCode: 3 };
        },
      }),
    });
    const { socket } = agent;
    assert.deepEqual(
      await guest.call("connect", { socket, timeoutMs: 20_000 }),
      hello,
    );
    const path = `${directory}/log.txt`;
    await guest.call("openLog", { path, limit: 1000 });
    let told = "";
    const { exitCode } = await guest.call(
      "runStep",
      { worker: "w1", step: { kind: "build", script: "make" } },
      { onEvent: ({ text }) => told += text },
    );
    assert.equal(exitCode, 3);
    assert.equal(told, "\x1b[31mred\x1b[0m\nrest\\x07\n");
    assert.equal(Deno.readTextFileSync(path), "red\nrest\\x07\n");
    assert.deepEqual(await guest.call("closeLog", {}), { bytes: 18 });
    await guest.call("disconnect", {});
    await agent.hostLeft();
  }));

const purpose = {
  kind: "egress",
  worker: "w1",
  rule: { host: "example.org", port: 80, protocol: "http" },
  host: "example.org",
} as const;

Deno.test("a worker's connection is announced while someone relays", () =>
  withGuest(async (guest, directory) => {
    await using agent = new TestAgent(`${directory}/rpc`, {
      handlers: (channel) => ({
        async "manager.logs"() {
          const { readable, writable } = channel.openStream(purpose);
          await writable.close();
          const text = await new Response(readable).text()
            .catch(() => "refused");
          return { text };
        },
      }),
    });
    await guest.call("connect", { socket: agent.socket, timeoutMs: 20_000 });
    const ask = () =>
      guest.call("request", { method: "manager.logs", params: { lines: 1 } });
    assert.deepEqual(await ask(), { text: "refused" });

    const stop = new AbortController();
    const relaying = guest.call("relayEgress", {}, {
      signal: stop.signal,
      onEvent({ purpose: announced, port }) {
        assert.deepEqual(announced, purpose);
        const { readable, writable } = openPortStream(port);
        readable.pipeTo(new WritableStream());
        const writer = writable.getWriter();
        writer.write(new TextEncoder().encode("hello"));
        writer.close();
      },
    });
    assert.deepEqual(await ask(), { text: "hello" });
    stop.abort();
    await relaying.catch(() => {});
    assert.deepEqual(await ask(), { text: "refused" });
    await guest.call("disconnect", {});
  }));

Deno.test("connections that are opened and given up are announced within bounds", () =>
  withGuest(async (guest, directory) => {
    await using agent = new TestAgent(`${directory}/rpc`, {
      handlers: (channel) => ({
        async "manager.logs"({ lines }) {
          for (let n = 0; n < lines;) {
            try {
              channel.openStream(purpose).reset("never mind");
              n++;
            } catch {
              // Until the host has agreed that some are over.
              await new Promise((resolve) => setTimeout(resolve, 0));
            }
          }
          return { text: "" };
        },
      }),
    });
    await guest.call("connect", { socket: agent.socket, timeoutMs: 20_000 });
    const over = Promise.withResolvers<void>();
    let announced = 0;
    const stop = new AbortController();
    const relaying = guest.call("relayEgress", {}, {
      signal: stop.signal,
      onEvent({ port }) {
        announced++;
        port.close();
        return over.promise;
      },
    });
    const open = (lines: number) =>
      guest.call("request", { method: "manager.logs", params: { lines } });
    await open(900);
    assert.equal(announced, 512);
    over.resolve();
    await open(1);
    await open(1);
    assert.ok(announced > 512);
    stop.abort();
    await relaying.catch(() => {});
    await guest.call("disconnect", {});
  }));
