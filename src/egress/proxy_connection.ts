/**
 * Connections through a proxy, by HTTP's CONNECT (RFC 9110, section 9.3.6).
 *
 * @module
 */

import type { Destination } from "../shared/network/egress_rule.ts";
import { writeAll } from "../shared/rpc/write_all.ts";
import type { ProxyServer } from "./proxy_settings.ts";

/** A connection that a worker's bytes go through. */
export type HostConnection = Deno.TcpConn | Deno.TlsConn;

/** What a proxy may say before the tunnel begins; curl takes no more either. */
const MAX_HEAD_BYTES = 16 * 1024;

/**
 * Has a proxy connect to a destination, by its name; then the connection is the
 * destination's. The proxy decides what the name leads to.
 *
 * @param connection a fresh one to the proxy; closed if this fails
 * @throws {Error} if the proxy does not connect, with what it said
 */
export async function tunnel(
  connection: Deno.TcpConn,
  proxy: ProxyServer,
  destination: Destination,
  { signal, caCerts = [] }: { signal: AbortSignal; caCerts?: string[] },
): Promise<HostConnection> {
  let current: HostConnection = connection;
  const abort = () => close(current);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    if (proxy.tls) {
      const { hostname } = proxy;
      current = await Deno.startTls(connection, { hostname, caCerts });
    }
    await writeAll(current, request(proxy, destination));
    requireSuccess(await readHead(current));
    signal.throwIfAborted();
    return current;
  } catch (error) {
    close(current);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function request(
  { authorization }: ProxyServer,
  { host, port }: Destination,
): Uint8Array {
  const target = `${host}:${port}`;
  const lines = [
    `CONNECT ${target} HTTP/1.1`,
    `Host: ${target}`,
    ...(authorization === null
      ? []
      : [`Proxy-Authorization: ${authorization}`]),
    "",
    "",
  ];
  return new TextEncoder().encode(lines.join("\r\n"));
}

/**
 * Reads up to the empty line, byte by byte: what follows is the destination's,
 * which may speak first.
 */
async function readHead(connection: HostConnection): Promise<string> {
  const head: number[] = [];
  const byte = new Uint8Array(1);
  while (!endsHead(head)) {
    if (head.length >= MAX_HEAD_BYTES) throw new Error("it says too much");
    if (await connection.read(byte) === null) {
      throw new Error("it closed the connection");
    }
    head.push(byte[0]!);
  }
  return String.fromCharCode(...head);
}

/** A lone line feed ends a line, too (RFC 9112, section 2.2). */
function endsHead(head: readonly number[]): boolean {
  const [line, carriage] = [10, 13];
  if (head.at(-1) !== line) return false;
  return head.at(-2) === line ||
    head.at(-2) === carriage && head.at(-3) === line;
}

function requireSuccess(head: string): void {
  const [, status] = /^HTTP\/1\.[01] ([0-9]{3})(?: [^\n]*)?\r?\n/.exec(head) ??
    [];
  if (status === undefined) throw new Error("it does not speak HTTP/1");
  if (status === "407") {
    throw new Error("it wants a user name and a password (407)");
  }
  if (!status.startsWith("2")) throw new Error(`it refuses (${status})`);
}

function close(connection: HostConnection): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
