/**
 * What a build takes beside another one on the same manager, which floods what
 * both share: the processors, the agent that carries logs, names and
 * connections, and the disk.
 *
 * @module
 */

import type { BuildEvent } from "../src/pipeline/events.ts";
import type { Serve } from "../tests/harness/canary.ts";
import { FakeInternet } from "../tests/harness/fake_internet.ts";
import { harnessCommand } from "../tests/harness/harness_command.ts";
import { environment, makeState, runCommand } from "./contractor_command.ts";
import { type Figure, spread } from "./table.ts";
import { makeTinyProject, readAll } from "./tiny_project.ts";

const HOST = "page.example";
const ADDRESS = "192.0.2.50";

/** How often the build is timed beside each flood. */
const BUILDS = 3;

/** What a worker does without end, by what it floods. */
const floods = {
  "the processors": "while :; do :; done",
  "the log": "while :; do yes flood | head -n 100000; done",
  "names": `
    ask() { while :; do nslookup ${HOST} >/dev/null || exit 1; done; }
    ask & ask & ask & ask & wait`,
  "connections": `
    get() { while :; do wget -q -O - http://${HOST}/ >/dev/null; done; }
    get & get & get & get & wait`,
  "a connection": `while :; do nc ${HOST} 7000 </dev/zero; done`,
  "the disk": `
    while :; do
      dd if=/dev/zero of="$HOME/flood" bs=1M count=64 conv=fsync 2>/dev/null
    done`,
};

const answer: Serve = async (connection) => {
  await connection.readUntil("\r\n\r\n");
  await connection.write("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
};

function spec(script: string): string {
  return [
    "worker-image: tiny.img",
    "source: src",
    "workspace: ws",
    "resources:",
    "  { memory: 256 MiB, disk: 256 MiB, log: 1 GiB, cpus: 1 }",
    "network:",
    "  build:",
    `    - { host: ${HOST}, protocols: [http, "tcp:7000"] }`,
    "build: |",
    ...script.trim().split("\n").map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** Starts a build, and waits until its commands run; it must go on. */
async function startFlood(
  directory: string,
  network: string,
): Promise<AsyncDisposable> {
  const child = new Deno.Command(harnessCommand, {
    args: [network, `${directory}/build.yaml`],
    clearEnv: true,
    env: environment,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const begun = Promise.withResolvers<void>();
  let ended: BuildEvent | undefined;
  const reading = (async () => {
    const lines = child.stdout.pipeThrough(new TextDecoderStream());
    let text = "";
    for await (const piece of lines) {
      text += piece;
      const complete = text.split("\n");
      text = complete.pop()!;
      for (const line of complete) {
        const event = JSON.parse(line) as BuildEvent;
        if (event.type === "phase-start" && event.phase === "build") {
          begun.resolve();
        }
        if (event.type === "end") ended = event;
      }
    }
    begun.reject(new Error(`The flood has ended: ${JSON.stringify(ended)}`));
  })();
  await begun.promise;
  return {
    async [Symbol.asyncDispose]() {
      if (ended !== undefined) {
        throw new Error(`The flood has ended: ${JSON.stringify(ended)}`);
      }
      child.kill("SIGINT");
      await reading;
      await child.status;
    },
  };
}

/** Times builds of the neighbour. */
export async function measureNeighbour(): Promise<Figure[]> {
  await makeState();
  await using internet = new FakeInternet();
  internet.answer(HOST, [ADDRESS]);
  internet.serve(`${ADDRESS}:80`, answer);
  internet.serve(`${ADDRESS}:7000`, readAll);
  const neighbour = await makeTinyProject(spec("echo built >result"));
  const time = async () => {
    const times: number[] = [];
    for (let n = 0; n < BUILDS; n++) {
      const { seconds } = await runCommand(
        harnessCommand,
        [internet.encoded, `${neighbour}/build.yaml`],
      );
      times.push(seconds);
    }
    return spread(times);
  };
  // The first of a kind boots from nothing.
  await time();
  const figures = [{ name: "tiny build, alone", value: await time() }];
  for (const [name, script] of Object.entries(floods)) {
    const directory = await makeTinyProject(spec(script));
    {
      await using _flood = await startFlood(directory, internet.encoded);
      const value = await time();
      figures.push({ name: `  beside one that floods ${name}`, value });
    }
    await Deno.remove(directory, { recursive: true });
  }
  await Deno.remove(neighbour, { recursive: true });
  return figures;
}
