import assert from "node:assert/strict";
import { EnvironmentError } from "../shared/errors.ts";
import { PROTOCOL_VERSION } from "../shared/rpc/protocol.ts";
import { connectManager, type ManagerIsolates } from "./connect.ts";

interface Agent {
  version: string;
  builds?: number;
  protocol?: number;
}

/**
 * Threads for a manager image of version `image`; agents answer in the order
 * given, one each time the manager is started. Records what they are asked.
 */
function isolates({ image = "new", running, agents }: {
  image?: string;
  running: boolean;
  agents: Agent[];
}): { asked: string[]; threads: ManagerIsolates } {
  const asked: string[] = [];
  let isRunning = running;
  const answers: Record<string, () => unknown> = {
    ensureManager() {
      const started = !isRunning;
      isRunning = true;
      return { started, accelerator: "tcg", imageVersion: image };
    },
    checkManager: () => "running",
    connect: () => ({ builds: 0, protocol: PROTOCOL_VERSION, ...agents[0]! }),
    stopManager() {
      isRunning = false;
      agents = agents.slice(1);
      return true;
    },
  };
  const thread = {
    call(method: string) {
      // How often the manager is looked after depends on the clock.
      if (method !== "checkManager") asked.push(method);
      return Promise.resolve(answers[method]?.());
    },
  };
  const threads = { vmm: thread, guest: thread, rpcSocket: "/run/rpc.0" };
  return { asked, threads: threads as unknown as ManagerIsolates };
}

const { signal } = new AbortController();

const connection = ["ensureManager", "detachStaleDisks", "connect"];
const replacement = [...connection, "disconnect", "stopManager"];

Deno.test("a running manager of the right version is used as it is", async () => {
  const { asked, threads } = isolates({
    running: true,
    agents: [{ version: "new", builds: 3 }],
  });
  assert.deepEqual(await connectManager(threads, signal), {
    version: "new",
    accelerator: "tcg",
    started: false,
  });
  assert.deepEqual(asked, connection);
});

Deno.test("a manager that does not run is started", async () => {
  const { threads } = isolates({
    running: false,
    agents: [{ version: "new" }],
  });
  assert.equal((await connectManager(threads, signal)).started, true);
});

Deno.test("an idle manager of another version is replaced", async () => {
  const { asked, threads } = isolates({
    running: true,
    agents: [
      { version: "old", protocol: PROTOCOL_VERSION - 1 },
      { version: "new" },
    ],
  });
  const connected = await connectManager(threads, signal);
  assert.equal(connected.version, "new");
  assert.equal(connected.started, true);
  assert.deepEqual(asked, [...replacement, ...connection]);
});

Deno.test("a busy manager of another version is left alone", async () => {
  const { asked, threads } = isolates({
    running: true,
    agents: [{ version: "old", builds: 2 }],
  });
  await assert.rejects(connectManager(threads, signal), (error) => {
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.code, "manager-outdated");
    assert.match(error.message, /version old, .* needs new$/);
    assert.match(error.hint!, /2 builds/);
    return true;
  });
  assert.deepEqual(asked, [...connection, "disconnect"]);
});

Deno.test("a manager is replaced once, not again and again", async () => {
  const { asked, threads } = isolates({
    running: true,
    agents: [{ version: "old" }, { version: "odd" }, { version: "new" }],
  });
  await assert.rejects(connectManager(threads, signal), (error) => {
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.code, "manager-outdated");
    assert.match(error.message, /version odd, /);
    assert.doesNotMatch(error.hint!, /0 builds/);
    return true;
  });
  assert.deepEqual(asked, [...replacement, ...connection, "disconnect"]);
});

/** Threads of a manager whose agent never answers. */
function silentManager(health: string): ManagerIsolates {
  const answers: Record<string, () => unknown> = {
    ensureManager: () => ({
      started: true,
      accelerator: "tcg",
      imageVersion: "new",
    }),
    checkManager: () => health,
    readConsole: () => new TextEncoder().encode("Kernel panic\x1b[2J\n"),
  };
  const vmm = {
    call: (method: string) => Promise.resolve(answers[method]?.()),
  };
  const guest = {
    call: (
      _method: string,
      _params: unknown,
      options: { signal: AbortSignal },
    ) =>
      new Promise((_, reject) => {
        const { signal } = options;
        const end = () => reject(signal.reason);
        if (signal.aborted) end();
        else signal.addEventListener("abort", end);
      }),
  };
  const threads = { vmm, guest, rpcSocket: "/run/rpc.0" };
  return threads as unknown as ManagerIsolates;
}

Deno.test("a manager that ends while it boots is told with its console", () =>
  assert.rejects(connectManager(silentManager("gone"), signal), {
    code: "manager-start-failed",
    message: "The manager VM ended while it booted",
    detail: "Kernel panic\\x1b[2J",
  }));

Deno.test("a manager that finds no space while it boots is told", () =>
  assert.rejects(connectManager(silentManager("disk-full"), signal), {
    code: "state-directory-full",
  }));
