/**
 * The harness itself, without a virtual machine: traps see who steps in, and
 * the isolate dials what the map says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { noProxy } from "../../src/egress/proxy_settings.ts";
import { egressUrl, spawnEgress } from "../../src/permissions/isolates.ts";
import { openPortStream } from "../../src/isolate/port_stream.ts";
import type { EgressRule } from "../../src/shared/network/egress_rule.ts";
import { allowedAddress, FakeInternet, trapAddress } from "./fake_internet.ts";
import {
  connectByMap,
  networkMapOf,
  resolveByMap,
  withNetworkMap,
} from "./network_map.ts";

const { signal } = new AbortController();

Deno.test("look-ups of a name take one answer after another", async () => {
  await using internet = new FakeInternet();
  internet.answer("rebind.example", [allowedAddress], ["127.0.0.1"]);
  const url = withNetworkMap(egressUrl, internet.encoded);
  const resolve = resolveByMap(networkMapOf(url.href));
  assert.deepEqual(await resolve("rebind.example"), [allowedAddress]);
  assert.deepEqual(await resolve("rebind.example"), ["127.0.0.1"]);
  assert.deepEqual(await resolve("rebind.example"), ["127.0.0.1"]);
  assert.deepEqual(await resolve("a.wild.example"), [allowedAddress]);
  await assert.rejects(resolve("unknown.example"), /nobody knows/);
});

Deno.test("look-ups of a name may take their time", async () => {
  await using internet = new FakeInternet();
  internet.delay("allowed.example", 50);
  const resolve = resolveByMap(JSON.parse(internet.encoded));
  const start = performance.now();
  assert.deepEqual(await resolve("allowed.example"), [allowedAddress]);
  assert.ok(performance.now() - start >= 49);
});

Deno.test("a trap sees who steps into it", async () => {
  await using internet = new FakeInternet();
  const connect = connectByMap(JSON.parse(internet.encoded));
  for (const hostname of [trapAddress, "127.0.0.1", "169.254.169.254"]) {
    using connection = await connect({ hostname, port: 80, signal });
    await connection.write(new TextEncoder().encode(hostname));
    await connection.closeWrite();
    assert.equal(await connection.read(new Uint8Array(1)), null);
  }
  assert.match(internet.trap.text, /192\.0\.2\.66\n127\.0\.0\.1\n169\./);
  await assert.rejects(
    connect({ hostname: trapAddress, port: 81, signal }),
    /nobody listens/,
  );
});

Deno.test("the isolate of tests dials by the map, within the rules", async () => {
  await using internet = new FakeInternet();
  const isolate = spawnEgress(withNetworkMap(
    new URL("./egress.isolate.ts", import.meta.url),
    internet.encoded,
  ));
  const destination: EgressRule = {
    host: "allowed.example",
    port: 7000,
    protocol: "tcp",
  };
  const open = (port: MessagePort) =>
    isolate.call("open", { destination, port }, { transfer: [port] });
  try {
    const refused = new MessageChannel();
    await assert.rejects(open(refused.port2), { code: "not-allowed" });
    refused.port1.close();

    await isolate.call("configure", {
      rules: [destination],
      learn: false,
      denied: [],
      opened: [],
      proxy: noProxy,
      limits: {},
    });
    const { port1, port2 } = new MessageChannel();
    const opened = open(port2);
    const { readable, writable } = openPortStream(port1);
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("ping"));
    await writer.close();
    assert.equal(await new Response(readable).text(), "ping");
    await opened;
    assert.equal(internet.allowed(7000).text, "ping");
  } finally {
    isolate.terminate();
  }
});
