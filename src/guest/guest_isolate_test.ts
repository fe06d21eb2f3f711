import assert from "node:assert/strict";
import { type Isolate, spawnIsolate } from "../isolate/isolate.ts";
import { unixSocketPermissions } from "../host/unix_permission.ts";
import { openPortStream } from "../isolate/port_stream.ts";
import { createLinks } from "./create_links.ts";
import type { GuestApi } from "./guest.ts";
import { serveLinks } from "./link_port.ts";
import type { CreateLinksRequest } from "./linker.ts";
import { hello, TestAgent } from "./testing/agent.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  testLimits,
  type Tree,
} from "./testing/trees.ts";

const build = "20310203-040506-abcd";

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

function treesIn(directory: string) {
  return {
    source: `${directory}/source`,
    workspace: `${directory}/ws`,
    workerImage: `${directory}/worker.img`,
  };
}

/** What the build may use of the disk. */
const maxBytes = 1024 ** 2;

/** Packs the source and takes it back as the workspace. */
async function roundTrip(
  guest: Isolate<GuestApi>,
  directory: string,
  create: (request: CreateLinksRequest) => void = createLinks,
) {
  const archive = `${directory}/disk`;
  const trees = treesIn(directory);
  await guest.call("packSource", { trees, output: archive, maxBytes });
  const { port1, port2 } = new MessageChannel();
  serveLinks(port1, (request) => Promise.resolve().then(() => create(request)));
  try {
    return await guest.call("exportWorkspace", {
      archive,
      workspace: trees.workspace,
      build,
      limits: testLimits,
      linker: port2,
    }, { transfer: [port2] });
  } finally {
    port1.close();
  }
}

const source: Tree = {
  "Makefile": "all:\n",
  "lib/link": "-> ../Makefile",
  "lib/code.c": "int x;\n",
};

/** What of a workspace is not ours. */
function readWorkspace(workspace: string): Tree {
  return Object.fromEntries(
    Object.entries(readTree(workspace)).filter(([path]) =>
      !path.startsWith(".contractor/")
    ),
  );
}

const inSource = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([path, content]) => [`src/${path}`, content]),
  );

Deno.test("the source comes back as the workspace, with its symlinks", () =>
  withGuest(async (guest, directory) => {
    makeTree(`${directory}/source`, source);
    const asked: CreateLinksRequest[] = [];
    const exported = await roundTrip(guest, directory, (request) => {
      asked.push(request);
      createLinks(request);
    });
    assert.deepEqual(readWorkspace(`${directory}/ws`), inSource(source));
    assert.equal(exported.bytes, 12);
    assert.deepEqual(exported.notes, []);
    assert.deepEqual(asked.map(({ links }) => links), [[
      { path: "src/lib/link", target: "../Makefile" },
    ]]);
    assert.deepEqual(
      [...Deno.readDirSync(directory)].map(({ name }) => name).sort(),
      ["disk", "source", "ws"],
    );
  }));

Deno.test("the next build gets what the last one made, not what left the source", () =>
  withGuest(async (guest, directory) => {
    const trees = treesIn(directory);
    makeTree(trees.source, source);
    await roundTrip(guest, directory);
    makeTree(trees.workspace, { "src/lib/code.o": "object" });
    Deno.removeSync(`${trees.source}/lib/code.c`);
    const output = `${directory}/disk`;
    await guest.call("packSource", { trees, output, maxBytes });
    const packed = await guest.call("packWorkspace", {
      workspace: trees.workspace,
      output,
      maxBytes,
    });
    assert.deepEqual(packed.notes, []);
    await unpackTar(output, `${directory}/unpacked`);
    assert.deepEqual(readTree(`${directory}/unpacked`), {
      "src/lib/code.o": "object",
    });
  }));

Deno.test("links that cannot be created leave the workspace as it was", () =>
  withGuest(async (guest, directory) => {
    makeTree(`${directory}/source`, source);
    makeTree(`${directory}/ws`, { "kept": "of the last build" });
    await assert.rejects(
      roundTrip(guest, directory, () => {
        throw new Error("no room");
      }),
      { code: "workspace-links" },
    );
    assert.deepEqual(readTree(`${directory}/ws`), {
      kept: "of the last build",
    });
    assert.deepEqual(
      [...Deno.readDirSync(directory)].map(({ name }) => name).sort(),
      ["disk", "source", "ws"],
    );
  }));

Deno.test("what cannot be packed is noted, its name made safe", () =>
  withGuest(async (guest, directory) => {
    const trees = treesIn(directory);
    makeTree(trees.source, { "a": "a" });
    await mkfifo(`${trees.source}/pipe\x1b`);
    const output = `${directory}/disk`;
    const { notes } = await guest.call("packSource", {
      trees,
      output,
      maxBytes,
    });
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /^Left out "pipe\\x1b": /);
  }));

Deno.test("a workspace is neither packed nor taken before the source", () =>
  withGuest(async (guest, directory) => {
    const { workspace } = treesIn(directory);
    makeTree(workspace, { "a": "a" });
    const output = `${directory}/disk`;
    await assert.rejects(
      guest.call("packWorkspace", { workspace, output, maxBytes }),
      {
        code: "source-unknown",
      },
    );
  }));

Deno.test("source and workspace together have what the build may use", () =>
  withGuest(async (guest, directory) => {
    const trees = treesIn(directory);
    const { workspace } = trees;
    const output = `${directory}/disk`;
    makeTree(trees.source, { "a": "a".repeat(600) });
    const packSource = (maxBytes: number) =>
      guest.call("packSource", { trees, output, maxBytes });
    await assert.rejects(packSource(599), { code: "tree-too-large" });
    await packSource(1000);
    makeTree(workspace, { "b": "b".repeat(401) });
    const packWorkspace = (maxBytes: number) =>
      guest.call("packWorkspace", { workspace, output, maxBytes });
    await assert.rejects(packWorkspace(1000), {
      code: "tree-too-large",
      exitCode: 2,
      message: /^Cannot pack the workspace of the last build: /,
    });
    await packWorkspace(1001);
  }));

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

Deno.test("a worker's connection is announced while someone relays", () =>
  withGuest(async (guest, directory) => {
    const purpose = {
      kind: "egress",
      worker: "w1",
      rule: { host: "example.org", port: 80, protocol: "http" },
      host: "example.org",
    } as const;
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

Deno.test("a report is written as JSON", () =>
  withGuest(async (guest, directory) => {
    const path = `${directory}/report.json`;
    await guest.call("writeReport", { path, report: { format: 1 } });
    assert.equal(Deno.readTextFileSync(path), '{\n  "format": 1\n}\n');
  }));

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const mkfifo = (path: string) => run("mkfifo", path);

async function unpackTar(archive: string, into: string) {
  Deno.mkdirSync(into);
  await run("tar", "-C", into, "-xf", archive);
}
