import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { DnsServer } from "./dns.ts";
import dnsPacket from "dns-packet";
import { Buffer } from "node:buffer";
import { writeAll } from "../../src/shared/rpc/write_all.ts";

const LOOPBACK = "127.0.0.1";

async function withServer(
  test: (server: DnsServer, refused: string[]) => Promise<void>,
  client = LOOPBACK,
) {
  const refused: string[] = [];
  const server = await DnsServer.start({
    address: LOOPBACK,
    port: 0,
    client,
    names: {
      resolve: (name) =>
        Promise.resolve(
          name === "mirror.test"
            ? { address: "198.18.0.1" }
            : { refusal: "name-not-allowed" },
        ),
      nameOf: () => undefined,
      onRefused: (name) => refused.push(name),
    },
  });
  try {
    await test(server, refused);
  } finally {
    await server.close();
  }
}

Deno.test("DnsServer answers over UDP", () =>
  withServer(async (server, refused) => {
    const resolver = new Resolver({ timeout: 2000, tries: 1 });
    resolver.setServers([`${LOOPBACK}:${server.port}`]);
    assert.deepEqual(await resolver.resolve4("mirror.test"), ["198.18.0.1"]);
    await assert.rejects(resolver.resolve4("other.test"));
    assert.deepEqual(refused, ["other.test"]);
  }));

Deno.test("DnsServer answers several questions over one TCP connection", () =>
  withServer(async (server) => {
    const connection = await Deno.connect({
      hostname: LOOPBACK,
      port: server.port,
    });
    for (const id of [1, 2]) {
      const query = dnsPacket.streamEncode({
        type: "query",
        id,
        questions: [{ type: "A", name: "mirror.test" }],
      });
      await writeAll(connection, new Uint8Array(query));
      const buffer = new Uint8Array(600);
      const size = await connection.read(buffer);
      const answer = dnsPacket.streamDecode(
        Buffer.from(buffer.subarray(0, size ?? 0)),
      );
      assert.equal(answer.id, id);
      assert.equal(answer.answers?.length, 1);
    }
    connection.close();
  }));

Deno.test("DnsServer closes connections of others", () =>
  withServer(async (server) => {
    const connection = await Deno.connect({
      hostname: LOOPBACK,
      port: server.port,
    });
    const size = await connection.read(new Uint8Array(1)).catch(() => null);
    assert.equal(size, null);
    connection.close();
  }, "127.0.0.9"));
