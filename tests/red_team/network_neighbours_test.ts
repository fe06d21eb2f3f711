/**
 * A worker that looks for another build's worker, which runs beside it in the
 * same manager: nothing arrives there.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { logOf, Project } from "../project.ts";
import { assertDenied, assertSuccess, run } from "./attack.ts";

/**
 * Shows what comes to its address, from itself at first, as the control; then
 * until it is told that the attack is over.
 */
const neighbour = `
address=$(ip -o -4 address show eth0 | awk '{ print $4 }' | cut -d / -f 1)
echoes() {
  awk '/^Icmp:/ {
    if (column) print $column
    else for (i = 1; i <= NF; i++) if ($i == "InEchos") column = i
  }' /proc/net/snmp
}
nc -ll -p 7001 -e sh -c "cat >>received" &
until echo FROM ITSELF | nc $address 7001; do sleep 1; done
sudo ping -c 1 $address
echo "ECHOES $(echoes)"
echo "LISTENS AT $address"
wget -q -O - http://allowed.example/over
echo "ECHOES $(echoes)"
cat received`;

Deno.test("a worker reaches no other one", async (t) => {
  await using internet = new FakeInternet();
  const over = Promise.withResolvers<void>();
  internet.serve("192.0.2.10:80", async (connection) => {
    await connection.readUntil("\r\n\r\n");
    await over.promise;
    await connection.write("HTTP/1.0 200 OK\r\n\r\nOVER\n");
  });
  await using peaceful = await Project.create();
  await using hostile = await Project.create();

  const listens = Promise.withResolvers<string>();
  let log = "";
  const observed = run(peaceful, internet, {
    script: neighbour,
    resources: "disk: 256 MiB, wall-time: 20 min",
    onEvent(event) {
      log += logOf([event]);
      const [, address] = /LISTENS AT (\S+)\n/.exec(log) ?? [];
      if (address) listens.resolve(address);
      if (event.type === "end") listens.reject(new Error(log));
    },
  });
  try {
    const address = await listens.promise;
    await t.step("its attempts are told", async () => {
      const result = await run(hostile, internet, {
        script: `
sudo ping -c 1 -W 1 ${address} &
echo EVIL | nc -w 2 ${address} 7001 &
wait
exit 0`,
      });
      assertDenied(result, { protocol: "tcp", address, port: 7001 });
      assertDenied(result, { protocol: "icmp", address });
    });
  } finally {
    over.resolve();
    await observed;
  }

  await t.step("nothing arrived at the other one", async () => {
    const result = await observed;
    assertSuccess(result);
    const [, end = ""] = result.log.split("OVER\n");
    assert.equal(end, "ECHOES 1\nFROM ITSELF\n");
    assert.match(result.log, /^ECHOES 1$/m);
  });
});
