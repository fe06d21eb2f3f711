import assert from "node:assert/strict";
import { describeLink, linkCommands } from "./network.ts";

Deno.test("describeLink() gives each link its own names and addresses", () => {
  assert.deepEqual(describeLink(63), {
    number: 63,
    tap: "worker63",
    mac: "52:54:00:c0:00:3f",
    gatewayMac: "52:54:00:c0:01:3f",
    gateway: "10.123.63.1",
    worker: "10.123.63.2",
  });
});

Deno.test("linkCommands() makes both ends of a link known to the manager", () => {
  assert.equal(
    linkCommands(describeLink(1)),
    `address add 10.123.1.1/30 dev worker1
link set dev worker1 address 52:54:00:c0:01:01 up
neighbor replace 10.123.1.2 lladdr 52:54:00:c0:00:01 dev worker1 nud permanent
`,
  );
});
