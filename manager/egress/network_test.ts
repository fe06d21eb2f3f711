import assert from "node:assert/strict";
import { describeLink } from "./network.ts";

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
