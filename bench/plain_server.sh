#!/bin/sh
# Runs as root in a manager of the benchmarks: serves the first worker past the
# gateway. DOWN bytes for a request at port 7001; port 7002 takes bytes.

export DENO_DIR=/run/plain-server
deno run --quiet --no-config --allow-net - <<'END' &
const block = new Uint8Array(64 * 1024);

async function answer(connection) {
  const writer = connection.writable.getWriter();
  await connection.read(block);
  const head = "HTTP/1.0 200 OK\r\nContent-Length: DOWN\r\n\r\n";
  await writer.write(new TextEncoder().encode(head));
  for (let sent = 0; sent < DOWN; sent += block.length) {
    await writer.write(block);
  }
  await writer.close();
}

async function take(connection) {
  while (await connection.read(block) !== null);
  connection.close();
}

async function serve(port, handle) {
  for await (const connection of Deno.listen({ port })) {
    handle(connection).catch((error) => console.error(error));
  }
}

serve(7001, answer);
serve(7002, take);
END

while sleep 1; do
    nft add element netdev worker0 endpoints \
        '{ 10.123.0.1 . 7001, 10.123.0.1 . 7002 }' 2>/dev/null
done
