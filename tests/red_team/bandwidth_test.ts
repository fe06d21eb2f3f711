/**
 * Limits on what goes through the network, seen by the server on the other
 * side.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { endlessHttp, pageOf, sink } from "../harness/services.ts";
import { Project } from "../project.ts";
import { assertLimit, assertSuccess, run } from "./attack.ts";

const MIB = 1024 ** 2;
const ALLOWED = MIB;
const OVERSHOOT = 256 * 1024;
const resources = "disk: 256 MiB, bandwidth: { total: 1 MiB }";
const limit = {
  limit: "bandwidth.total",
  allowed: ALLOWED,
  goal: OVERSHOOT,
  most: OVERSHOOT,
} as const;

Deno.test("limited: a download without an end", async () => {
  await using internet = new FakeInternet();
  internet.serve("192.0.2.30:80", endlessHttp);
  internet.answer("endless.example", ["192.0.2.30"]);
  await using project = await Project.create();
  const result = await run(project, internet, {
    allow: ["{ host: endless.example, protocols: [http] }"],
    resources,
    script: `
wget -q -O - http://endless.example/ | wc -c || true
sleep 600`,
  });
  assertLimit(result, limit);
});

Deno.test("limited: an upload without an end, in many connections", async () => {
  await using internet = new FakeInternet();
  const drain = internet.serve("192.0.2.10:7001", sink);
  await using project = await Project.create();
  const result = await run(project, internet, {
    allow: ["{ host: allowed.example, protocols: ['tcp:7001'] }"],
    resources,
    script: `
while :; do
  head -c 300k /dev/zero | nc -w 5 allowed.example 7001 || true
done`,
  });
  assertLimit(result, limit);
  assert.ok(drain.connections.length >= 3, "the control: data did arrive");
  assert.ok(drain.bytes <= ALLOWED + OVERSHOOT, `${drain.bytes} arrived`);
  assert.ok(drain.bytes > ALLOWED / 2, `${drain.bytes} arrived`);
});

Deno.test("a rate slows the network down and fails nothing", async (t) => {
  await using internet = new FakeInternet();
  internet.serve("192.0.2.31:80", pageOf(2 * MIB));
  internet.answer("page.example", ["192.0.2.31"]);
  await using project = await Project.create();
  /** Seconds that the build commands took. */
  const download = async (rate: string) => {
    const result = await run(project, internet, {
      allow: ["{ host: page.example, protocols: [http] }"],
      resources: `disk: 256 MiB, bandwidth: { rate: ${rate} }`,
      script: `[ $(wget -q -O - http://page.example/ | wc -c) = ${2 * MIB} ]`,
    });
    assertSuccess(result);
    return result.report.phases.find(({ phase }) => phase === "build")!.seconds;
  };
  const ideal = 2 * MIB * 8 / 1_000_000;
  let slow = 0;

  await t.step("1 Mbit/s", async () => {
    slow = await download("1 Mbit/s");
    console.log(`2 MiB took ${slow} s, ideally ${ideal} s`);
    // A little may go at once before the rate is felt.
    assert.ok(slow > 0.9 * ideal);
  });

  await t.step("the control: a rate that nothing here reaches", async () => {
    const fast = await download("10 Gbit/s");
    console.log(`2 MiB took ${fast} s`);
    assert.ok(fast < slow / 2);
  });
});
