import assert from "node:assert/strict";
import { noProxy } from "../egress/proxy_settings.ts";
import { diskSerialSchema } from "../rpc/protocol.ts";
import { newBuildId } from "./build_id.ts";
import type { BuildEvent } from "./events.ts";
import { PhaseClock } from "./phase_clock.ts";
import { Pipeline, type PipelineParts } from "./pipeline.ts";

interface Sent {
  method: string;
  params: unknown;
}

/** A pipeline whose calls are answered with `answer`, and what it does. */
function pipelineWith(answer: (call: Sent) => unknown = () => ({})) {
  const build = newBuildId();
  const events: BuildEvent[] = [];
  const calls: Sent[] = [];
  const emit = (event: BuildEvent) => void events.push(event);
  const called = (method: string, params: unknown) => {
    const call = { method, params };
    calls.push(call);
    return Promise.resolve().then(() => answer(call));
  };
  const ports = {
    agent: {
      call: called,
      runStep(
        _worker: string,
        _step: unknown,
        onText: (text: string) => void,
      ) {
        onText("one\n");
        return Promise.resolve(7);
      },
    },
    egress: {
      configure: (settings: unknown) => called("egress.configure", settings),
    },
  };
  const pipeline = new Pipeline({
    build,
    staging: "/staging",
    ports: ports as unknown as PipelineParts["ports"],
    clock: new PhaseClock(emit),
    judge: { signal: new AbortController().signal },
    spec: {
      resources: { bandwidth: { totalBytes: 1000, rateBitsPerSecond: 80 } },
    },
    denied: ["evil.example"],
    opened: ["10.0.0.1"],
    proxy: noProxy,
    learn: false,
    emit,
  } as unknown as PipelineParts);
  return { build, events, calls, pipeline };
}

Deno.test("disks of a build have serial numbers that the agent takes", () => {
  const { pipeline } = pipelineWith();
  const names = ["image", "trees"] as const;
  const serials = names.map((name) => pipeline.serial(name));
  assert.equal(new Set(serials).size, names.length);
  for (const serial of serials) {
    assert.ok(diskSerialSchema.safeParse(serial).success, serial);
  }
});

Deno.test("the manager knows of a phase before its work begins", async () => {
  const { build, events, calls, pipeline } = pipelineWith();
  await pipeline.phase("boot", () => {
    assert.deepEqual(calls, [
      { method: "build.phase", params: { build, phase: "boot" } },
    ]);
    return Promise.resolve("reused" as const);
  });
  assert.deepEqual(events.map(({ type }) => type), [
    "phase-start",
    "phase-end",
  ]);
});

Deno.test("a phase fails if the manager cannot be told of it", async () => {
  const { events, pipeline } = pipelineWith(() => {
    throw new Error("gone");
  });
  await assert.rejects(
    pipeline.phase("boot", () => assert.fail("The phase began")),
    { message: "gone" },
  );
  const end = events.at(-1);
  assert.equal(end?.type === "phase-end" && end.outcome, "failed");
});

Deno.test("what a step prints becomes events of the build", async () => {
  const { events, pipeline } = pipelineWith();
  assert.equal(await pipeline.runStep("w", { kind: "source-in", bytes: 0 }), 7);
  const [event] = events;
  assert.equal(event?.type === "log" && event.text, "one\n");
});

Deno.test("hosts are allowed by the dialer before the worker can ask for them", async () => {
  const { calls, pipeline } = pipelineWith();
  const rules = [{
    host: "example.org",
    port: 443,
    protocol: "https",
  }] as const;
  await pipeline.allow("w", [...rules]);
  assert.deepEqual(calls, [
    {
      method: "egress.configure",
      params: {
        rules,
        learn: false,
        denied: ["evil.example"],
        opened: ["10.0.0.1"],
        proxy: noProxy,
        limits: { totalBytes: 1000, bitsPerSecond: 80 },
      },
    },
    { method: "worker.allow", params: { worker: "w", rules } },
  ]);
});
