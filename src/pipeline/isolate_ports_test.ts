import assert from "node:assert/strict";
import { EnvironmentError } from "../shared/errors.ts";
import { isolatePorts } from "./isolate_ports.ts";
import type { BuildIsolates } from "./isolates.ts";

type Options = { signal?: AbortSignal; onEvent?: (event: unknown) => unknown };
type Answer = (params: unknown, options: Options) => unknown;

/** Threads that answer so, and what they are asked for. */
function threads(answers: Record<string, Answer> = {}) {
  const asked: { call: string; params: unknown; signal?: AbortSignal }[] = [];
  const ended: string[] = [];
  const thread = (name: string) => ({
    call(method: string, params: unknown, options: Options = {}) {
      const call = `${name}.${method}`;
      const { signal } = options;
      asked.push({ call, params, ...(signal && { signal }) });
      return Promise.resolve().then(() => answers[call]?.(params, options));
    },
    terminate: () => ended.push(name),
  });
  const names = ["vmm", "guest", "egress", "packer", "unpacker", "keeper"];
  const isolates = Object.fromEntries(
    names.map((name) => [name, thread(name)]),
  );
  const ports = isolatePorts(isolates as unknown as BuildIsolates);
  return { ports, asked, ended };
}

const { signal } = new AbortController();

Deno.test("each port asks the thread that has the permission for it", async () => {
  const { ports, asked } = threads({
    "guest.closeLog": () => ({ bytes: 5 }),
    "guest.request": () => ({ usage: 1 }),
  });
  const { agent, host, trees, egress, log } = ports;
  const disk = { build: "b1", serial: "s", path: "/d", readOnly: true };
  assert.deepEqual(
    await agent.call("worker.destroy", { worker: "w1" }, signal),
    { usage: 1 },
  );
  await agent.disconnect();
  await host.checkImage("/i", signal);
  await host.digestImage("/i", signal);
  await host.requireUnchangedImage({} as never, signal);
  await host.attachDisk(disk, signal);
  await host.detachDisk("s");
  await host.readSeal("n");
  await host.noteSeal("n", "seal");
  await host.writeReport("/r", {} as never);
  await trees.takeStock("/w");
  await trees.requireExportRoom({} as never);
  await trees.keep({} as never, signal);
  await egress.configure({} as never);
  await egress.verdict();
  await egress.usage();
  await log.open("/l", 9);
  assert.equal(await log.close(), 5);
  assert.deepEqual(
    asked.map((
      { call, params, signal },
    ) => [call, params, signal !== undefined]),
    [
      [
        "guest.request",
        { method: "worker.destroy", params: { worker: "w1" } },
        true,
      ],
      ["guest.disconnect", {}, false],
      ["vmm.checkImage", { path: "/i" }, true],
      ["vmm.digestImage", { path: "/i" }, true],
      ["vmm.requireUnchangedImage", { fingerprint: {} }, true],
      ["vmm.attachDisk", disk, true],
      ["vmm.detachDisk", { serial: "s" }, false],
      ["vmm.readSeal", { name: "n" }, false],
      ["vmm.noteSeal", { name: "n", seal: "seal" }, false],
      ["vmm.writeReport", { path: "/r", report: {} }, false],
      ["keeper.takeStock", { workspace: "/w" }, false],
      ["unpacker.requireExportRoom", {}, false],
      ["keeper.keepWorkspace", {}, true],
      ["egress.configure", {}, false],
      ["egress.verdict", {}, false],
      ["egress.usage", {}, false],
      ["guest.openLog", { path: "/l", limit: 9 }, false],
      ["guest.closeLog", {}, false],
    ],
  );
});

Deno.test("a thread that has read the user's trees, or a worker's, ends", async () => {
  const { ports, ended } = threads();
  await ports.trees.pack({} as never, signal);
  assert.deepEqual(ended, ["packer"]);
  await ports.trees.unpack({} as never, signal);
  assert.deepEqual(ended, ["packer", "unpacker"]);
});

Deno.test("what a step prints is told, and its exit status", async () => {
  const texts: string[] = [];
  const { ports } = threads({
    "guest.runStep": (_, { onEvent }) => {
      onEvent?.({ text: "one\n" });
      return { exitCode: 7 };
    },
  });
  const step = { kind: "build", script: "make" } as const;
  const onText = (text: string) => void texts.push(text);
  assert.equal(await ports.agent.runStep("w1", step, onText, signal), 7);
  assert.deepEqual(texts, ["one\n"]);
});

Deno.test("connections of workers are dialed by the thread that has the network", async () => {
  const rule = { host: "*.example", port: 443, protocol: "https" };
  const { port1, port2 } = new MessageChannel();
  const failures: unknown[] = [];
  const refused = new EnvironmentError("qemu-refused", "Refused");
  const { ports, asked } = threads({
    "guest.relayEgress": (_, { onEvent }) =>
      onEvent?.({ purpose: { rule, host: "a.example" }, port: port2 }),
    "egress.open": () => Promise.reject(refused),
  });
  await ports.egress.relay((error) => failures.push(error), signal);
  assert.deepEqual(asked[1], {
    call: "egress.open",
    params: { destination: { ...rule, host: "a.example" }, port: port2 },
  });
  assert.deepEqual(failures, [refused]);
  port1.close();
  port2.close();
});

Deno.test("findings of the dialer are told", async () => {
  const found: unknown[] = [];
  const { ports } = threads({
    "egress.watch": (_, { onEvent }) => onEvent?.("finding"),
  });
  await ports.egress.watch((finding) => found.push(finding), signal);
  assert.deepEqual(found, ["finding"]);
});

Deno.test("the manager is connected to and looked after through its threads", async () => {
  const manager = { started: true, accelerator: "tcg", imageVersion: "v1" };
  const { ports } = threads({
    "vmm.ensureManager": () => manager,
    "vmm.checkManager": () => "running",
    "guest.connect": () => ({ protocol: 1, version: "v1", builds: 0 }),
  });
  assert.deepEqual(await ports.manager.connect(signal), {
    version: "v1",
    accelerator: "tcg",
    started: true,
  });
  const supervision = ports.manager.supervise();
  await supervision.stop();
  assert.ok(!supervision.signal.aborted);
});

Deno.test("the clock is this machine's", async () => {
  const { clock } = threads().ports;
  assert.ok(Math.abs(clock.now() - Date.now()) < 60_000);
  const before = clock.elapsed();
  const ended = new AbortController();
  const pause = clock.pause(600_000, ended.signal);
  ended.abort();
  await pause;
  assert.ok(clock.elapsed() >= before);
  assert.ok(!clock.timeout(600_000).aborted);
});
