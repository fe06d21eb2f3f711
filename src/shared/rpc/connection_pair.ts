import type { Transport } from "./channel.ts";

/** Two ends of a connection in memory, for tests. */
export function connectionPair(): [Transport, Transport] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}

/** Two ends of a real connection, for tests and figures. */
export async function socketPair(): Promise<[Deno.UnixConn, Deno.UnixConn]> {
  const directory = await Deno.makeTempDir({ prefix: "rpc-" });
  const path = `${directory}/socket`;
  const listener = Deno.listen({ transport: "unix", path });
  try {
    return await Promise.all([
      Deno.connect({ transport: "unix", path }),
      listener.accept(),
    ]);
  } finally {
    listener.close();
    await Deno.remove(directory, { recursive: true });
  }
}
