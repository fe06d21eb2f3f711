/**
 * ClientHellos for tests: made to measure, and those of real clients.
 *
 * @module
 */

import { connect } from "node:tls";

/** What a made hello says. */
export interface HelloParts {
  names?: readonly string[];
  /** Extensions beside the server name, by type. */
  extensions?: readonly (readonly [number, readonly number[]])[];
  version?: number;
  withoutExtensions?: boolean;
  /** Bytes behind the message's last part. */
  trailing?: readonly number[];
}

/** The extension that offers TLS 1.3 and 1.2. */
export const SUPPORTED_VERSIONS = [43, [4, 3, 4, 3, 3]] as const;

/** A ClientHello message without record headers. */
export function helloMessage(parts: HelloParts = {}): number[] {
  const { names = ["example.org"], version = 0x0303 } = parts;
  const entries = names.flatMap((name) => [
    0,
    ...vector(2, [...name].map((character) => character.charCodeAt(0))),
  ]);
  const extensions = [
    ...(names.length > 0 ? [[0, vector(2, entries)] as const] : []),
    ...(parts.extensions ?? []),
  ];
  const body = [
    version >> 8,
    version & 0xff,
    ...new Array(32).fill(7),
    ...vector(1, new Array(32).fill(8)),
    ...vector(2, [0x13, 1, 0xc0, 0x2f]),
    ...vector(1, [0]),
    ...(parts.withoutExtensions ? [] : vector(
      2,
      extensions.flatMap((
        [type, data],
      ) => [type >> 8, type & 0xff, ...vector(2, data)]),
    )),
    ...(parts.trailing ?? []),
  ];
  return [1, ...vector(3, body)];
}

/** A record of TLS. */
export function record(data: readonly number[], type = 22): number[] {
  return [type, 3, 1, ...vector(2, data)];
}

/** A hello in one record. */
export function hello(parts?: HelloParts): Uint8Array {
  return Uint8Array.from(record(helloMessage(parts)));
}

/** Bytes behind their length in so many bytes. */
export function vector(width: number, data: readonly number[]): number[] {
  const length = [...Array(width).keys()].map((n) =>
    data.length >> (8 * (width - 1 - n)) & 0xff
  );
  return [...length, ...data];
}

/** What Node's client sends first. */
export function captureNodeHello(options: {
  servername?: string;
  maxVersion?: "TLSv1.2" | "TLSv1.3";
}): Promise<Uint8Array> {
  return captureFirstBytes(async (port) => {
    const socket = connect({ host: "127.0.0.1", port, ...options });
    await new Promise<void>((resolve) => {
      socket.on("error", () => {});
      socket.on("close", () => resolve());
    });
  });
}

/** What Deno's client sends first. */
export function captureDenoHello(hostname: string): Promise<Uint8Array> {
  return captureFirstBytes(async (port) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const tls = await Deno.startTls(connection, { hostname });
    await tls.handshake().catch(() => {});
    tls.close();
  });
}

async function captureFirstBytes(
  run: (port: number) => Promise<void>,
): Promise<Uint8Array> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = run(listener.addr.port);
  const connection = await listener.accept();
  const buffer = new Uint8Array(16 * 1024);
  const length = await connection.read(buffer);
  connection.close();
  await client;
  return buffer.slice(0, length ?? 0);
}
