/**
 * What the gateway's checks cost: bytes and connections through the manager's
 * own code on loopback, beside a plain copy between the same sockets in the
 * same run. The channel to the host is not part of it; see `rpc_bench.ts`.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { EgressStream } from "../manager/egress/carry.ts";
import { Gateway } from "../manager/egress/gateway.ts";
import {
  hello,
  record,
  SUPPORTED_VERSIONS,
} from "../manager/egress/inspection/tls_hellos.ts";
import { Budget } from "../manager/limits/budget.ts";
import { writeAll } from "../src/shared/rpc/write_all.ts";
import type { EgressRule } from "../src/shared/network/egress_rule.ts";
import { Allowlist } from "../src/shared/network/allowlist.ts";
import {
  copyTo,
  drain,
  LOOPBACK,
  send,
  Server,
  withConnection,
} from "./loopback.ts";
import { type Figure, mebibytes } from "./table.ts";

const HOST = "page.example";
const TOTAL = 64 * 1024 ** 2;
const ROUNDS = 3;
const CONNECTIONS = 300;
const LOOK_UPS = 200_000;
const MANY_RULES = 1000;
const IDLE_MS = 3000;

const encoder = new TextEncoder();

const tlsHello = hello({
  names: [HOST],
  extensions: [SUPPORTED_VERSIONS],
});

/** What is encrypted follows in records; the gateway looks at the first one. */
const tlsData = Uint8Array.from([...tlsHello, ...record([0], 23)]);

/** What a client says first when it sends, and when it asks. */
const greetings = {
  tcp: { send: encoder.encode("hello"), ask: encoder.encode("hello") },
  https: { send: tlsData, ask: tlsHello },
  http: {
    send: encoder.encode(
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${TOTAL}\r\n\r\n`,
    ),
    ask: encoder.encode(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`),
  },
};

type Protocol = keyof typeof greetings;
const protocols = Object.keys(greetings) as Protocol[];

/** Rules for one port each; the last one is for the protocol asked for. */
function rulesOf(count: number, port: number, protocol: Protocol) {
  return Array.from({ length: count }, (_, index): EgressRule => ({
    host: index === count - 1 ? HOST : `host${index}.example`,
    port,
    protocol,
  }));
}

/** The stream that stands for the host: a connection to the server itself. */
function streamTo(port: number): EgressStream {
  const connected = Deno.connect({ hostname: LOOPBACK, port });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const answers = async function* () {
    const connection = await connected;
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) break;
      yield buffer.slice(0, size);
    }
    connection.close();
  };
  const sent = async () => {
    const connection = await connected;
    for await (const block of readable) await writeAll(connection, block);
    await connection.closeWrite();
  };
  sent().catch(() => {});
  return {
    readable: ReadableStream.from(answers()),
    writable,
    reset: () => {
      connected.then((connection) => connection.close()).catch(() => {});
    },
  };
}

/** A gateway that listens for `count` hosts, the last one at `address`. */
function openGateway(count: number, upstream: Server, protocol: Protocol) {
  const port = freePort();
  const gateway = new Gateway({
    client: LOOPBACK,
    open: () => streamTo(upstream.port),
    budget: new Budget({ wallSeconds: 3600, logBytes: 0 }, () => {}),
    onRefused: (_destination, { refusal }) => {
      throw new Error(`Refused: ${refusal}`);
    },
  });
  let address = LOOPBACK;
  for (const [index, rule] of rulesOf(count, port, protocol).entries()) {
    address = `127.1.${index >> 8}.${index & 0xff || 1}`;
    gateway.listen({ address, host: rule.host, rule });
  }
  return { address, port, close: () => gateway.clear() };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

interface Place {
  address: string;
  port: number;
}

/** Sends all bytes and waits until the server has them; gives the seconds. */
async function upload(
  { address, port }: Place,
  upstream: Server,
  greeting: Uint8Array,
): Promise<number> {
  let received = 0;
  upstream.serve = async (connection) => {
    received = await drain(connection);
  };
  const start = performance.now();
  await withConnection(address, port, async (connection) => {
    await writeAll(connection, greeting);
    await send(connection, TOTAL);
    await connection.closeWrite();
    await drain(connection);
  });
  const seconds = (performance.now() - start) / 1000;
  const expected = TOTAL + greeting.length;
  if (received !== expected) throw new Error(`${received} of ${expected}`);
  return seconds;
}

/** Asks for all bytes; gives the seconds. */
async function download(
  { address, port }: Place,
  upstream: Server,
  greeting: Uint8Array,
): Promise<number> {
  upstream.serve = async (connection) => {
    await connection.read(new Uint8Array(greeting.length));
    await send(connection, TOTAL);
  };
  const start = performance.now();
  await withConnection(address, port, async (connection) => {
    await writeAll(connection, greeting);
    const received = await drain(connection);
    if (received !== TOTAL) throw new Error(`Received ${received} bytes`);
  });
  return (performance.now() - start) / 1000;
}

/** Opens a connection, says something, waits for the answer; milliseconds. */
async function latency(
  { address, port }: Place,
  upstream: Server,
  greeting: Uint8Array,
): Promise<number> {
  upstream.serve = async (connection) => {
    await connection.read(new Uint8Array(greeting.length));
    await writeAll(connection, encoder.encode("ok"));
  };
  const times: number[] = [];
  for (let n = 0; n < CONNECTIONS; n++) {
    const start = performance.now();
    await withConnection(address, port, async (connection) => {
      await writeAll(connection, greeting);
      await connection.read(new Uint8Array(2));
    });
    times.push(performance.now() - start);
  }
  return median(times);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function fastest(measure: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let n = 0; n < ROUNDS; n++) best = Math.min(best, await measure());
  return best;
}

async function figuresAt(
  name: string,
  place: Place,
  upstream: Server,
  greeting: { send: Uint8Array; ask: Uint8Array },
): Promise<Figure[]> {
  const rate = (seconds: number) => `${mebibytes(TOTAL / seconds)}/s`;
  return [
    {
      name: `${name}: to the host`,
      value: rate(await fastest(() => upload(place, upstream, greeting.send))),
    },
    {
      name: `${name}: from the host`,
      value: rate(await fastest(() => download(place, upstream, greeting.ask))),
    },
    {
      name: `${name}: connection and first answer`,
      value: `${(await latency(place, upstream, greeting.ask)).toFixed(2)} ms`,
    },
  ];
}

/** Time of one look-up, in the manager and on the host. */
function lookUps(count: number): Figure[] {
  const rules = rulesOf(count, 443, "https");
  const allowlist = new Allowlist(rules);
  const destination = { host: HOST, port: 443, protocol: "https" } as const;
  const time = (action: () => unknown) => {
    const start = performance.now();
    for (let n = 0; n < LOOK_UPS; n++) action();
    return (performance.now() - start) / LOOK_UPS * 1000;
  };
  // The first round is for the compiler.
  const [, inManager] = [1, 2].map(() => time(() => allowlist.rulesFor(HOST)));
  const [, onHost] = [1, 2].map(() => time(() => allowlist.match(destination)));
  return [
    {
      name: `look-up in the manager, ${rulesText(count)}`,
      value: us(inManager!),
    },
    { name: `look-up on the host, ${rulesText(count)}`, value: us(onHost!) },
  ];
}

function us(value: number): string {
  return `${value.toFixed(2)} µs`;
}

function rulesText(count: number): string {
  return count === 1 ? "1 rule" : `${count} rules`;
}

async function withRules(count: number, upstream: Server): Promise<Figure[]> {
  const gateway = openGateway(count, upstream, "https");
  const time = await latency(gateway, upstream, greetings.https.ask);
  const before = cpuUsage();
  await sleep(IDLE_MS);
  const { user, system } = cpuUsage(before);
  gateway.close();
  const share = (user + system) / 1000 / IDLE_MS * 100;
  return [
    {
      name: `https connection and first answer, ${rulesText(count)}`,
      value: `${time.toFixed(2)} ms`,
    },
    {
      name: `idle gateway, ${rulesText(count)}: CPU`,
      value: `${share.toFixed(1)} % of a core`,
    },
    ...lookUps(count),
  ];
}

/** Measures the gateway, the plain copy first. */
export async function measureGateway(): Promise<Figure[]> {
  using upstream = new Server(() => Promise.resolve());
  using plain = new Server(copyTo(upstream.port));
  const figures = await figuresAt(
    "plain copy, no checks",
    { address: LOOPBACK, port: plain.port },
    upstream,
    greetings.tcp,
  );
  for (const protocol of protocols) {
    const gateway = openGateway(1, upstream, protocol);
    figures.push(
      ...await figuresAt(
        `gateway, ${protocol}`,
        gateway,
        upstream,
        greetings[protocol],
      ),
    );
    gateway.close();
  }
  for (const count of [1, MANY_RULES]) {
    figures.push(...await withRules(count, upstream));
  }
  return figures;
}
