/**
 * Throughput of a worker in nested VMs: through the gateway to a server on the
 * host's loopback, on a network that the tests' harness makes up, and past the
 * gateway to a server in the manager. The second has neither checks nor a
 * channel to the host in its way: a release's worker has no such way.
 *
 * What the checks alone cost is measured by `gateway.ts`, what the channel
 * alone can do by `rpc_bench.ts`.
 *
 * @module
 */

import type { BuildEvent } from "../src/pipeline/events.ts";
import type { Serve } from "../tests/harness/canary.ts";
import { FakeInternet } from "../tests/harness/fake_internet.ts";
import { harnessCommand } from "../tests/harness/harness_command.ts";
import { makeInspectedManager } from "../tests/harness/inspected_manager.ts";
import { contractor, makeState, runCommand } from "./contractor_command.ts";
import { type Figure, mebibytes } from "./table.ts";
import { makeTinyProject, readAll } from "./tiny_project.ts";

const MIB = 1024 ** 2;
const DOWN = 64 * MIB;
/** Emulated twice, sending is slow. */
const UP = 16 * MIB;
const HOST = "page.example";
const ADDRESS = "192.0.2.50";

/** The manager's end of the first worker's link. */
const MANAGER = "10.123.0.1";

/** Times transfers by the worker's clock, and prints them. */
const spec = `\
worker-image: tiny.img
source: src
workspace: ws
resources: { memory: 256 MiB }
network:
  build:
    - host: ${HOST}
      protocols: [http, "tcp:7000"]
build: |
  now() { cut -d " " -f 1 /proc/uptime; }
  seconds() { awk "BEGIN { print $2 - $1 }"; }
  down() {
    start=$(now)
    [ $(wget -q -O - http://$2/ | wc -c) = ${DOWN} ]
    echo "FIGURE ${DOWN} $(seconds $start $(now)) $1"
  }
  up() {
    start=$(now)
    head -c ${UP} /dev/zero | nc $2 $3
    echo "FIGURE ${UP} $(seconds $start $(now)) $1"
  }
  down "from a host, through the gateway" ${HOST}
  down "from the manager, past the gateway" ${MANAGER}:7001
  up "to a host, through the gateway" ${HOST} 7000
  up "to the manager, past the gateway" ${MANAGER} 7002
`;

/** Answers a request with everything, and waits until it was read. */
const page: Serve = async (connection) => {
  await connection.readUntil("\r\n\r\n");
  await connection.write(
    `HTTP/1.0 200 OK\r\nContent-Length: ${DOWN}\r\n\r\n`,
  );
  const piece = new Uint8Array(64 * 1024);
  for (let sent = 0; sent < DOWN; sent += piece.length) {
    await connection.write(piece);
  }
  await readAll(connection);
};

/** Builds with a manager that serves past the gateway; gives the log. */
async function build(directory: string, network: string): Promise<string> {
  const image = `${directory}/manager`;
  await Deno.mkdir(image);
  const server = await Deno.readTextFile(
    new URL("./plain_server.sh", import.meta.url),
  );
  await makeInspectedManager(
    image,
    server.replaceAll("DOWN", String(DOWN)),
    { secret: "", control: "" },
  );
  await contractor("manager", "stop", "--force");
  try {
    const { stdout } = await runCommand(
      harnessCommand,
      [network, `${directory}/build.yaml`],
      { CONTRACTOR_MANAGER_IMAGE: image },
    );
    return stdout.trimEnd().split("\n")
      .map((line) => JSON.parse(line) as BuildEvent)
      .map((event) => event.type === "log" ? event.text : "").join("");
  } finally {
    await contractor("manager", "stop", "--force");
  }
}

function figuresIn(log: string): Figure[] {
  const lines = log.matchAll(/^FIGURE (\d+) (\S+) (.+)$/gm);
  return [...lines].map(([, bytes, duration, name]) => ({
    name: `worker, ${name}`,
    value: `${mebibytes(Number(bytes) / Number(duration))}/s`,
  }));
}

/** Measures in one build. */
export async function measureTraffic(): Promise<Figure[]> {
  await makeState();
  const directory = await makeTinyProject(spec);
  await using internet = new FakeInternet();
  internet.answer(HOST, [ADDRESS]);
  internet.serve(`${ADDRESS}:80`, page);
  internet.serve(`${ADDRESS}:7000`, readAll);
  try {
    return figuresIn(await build(directory, internet.encoded));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
