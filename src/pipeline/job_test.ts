import assert from "node:assert/strict";
import {
  buildIdSchema,
  diskSerialSchema,
  workerDemandSchema,
} from "../shared/rpc/protocol.ts";
import { buildLimitsSchema } from "../shared/rpc/verdict.ts";
import { limitRows, toResources, withLimit } from "../spec/limits.ts";
import { formatExactQuantity } from "../spec/units.ts";
import { newBuildId } from "./build_id.ts";
import { buildLimits, diskSerial, treesDiskPath, workerDemand } from "./job.ts";

Deno.test("disks of a build have serial numbers that the agent takes", () => {
  const id = newBuildId();
  assert.ok(buildIdSchema.safeParse(id).success);
  const serials = (["image", "trees"] as const)
    .map((disk) => diskSerial({ id }, disk));
  assert.equal(new Set(serials).size, serials.length);
  for (const serial of serials) {
    assert.ok(diskSerialSchema.safeParse(serial).success, serial);
  }
  assert.equal(treesDiskPath("/staging"), "/staging/trees.disk");
});

Deno.test("limits that a spec does not set are not sent", () => {
  const resources = toResources({});
  assert.deepEqual(buildLimitsSchema.parse(buildLimits(resources)), {
    wallSeconds: 7200,
    logBytes: 64 * 1024 ** 2,
  });
  assert.deepEqual(
    workerDemandSchema.parse(workerDemand(resources, undefined)),
    {
      memoryBytes: 2 * 1024 ** 3,
      diskBytes: 20 * 1024 ** 3,
    },
  );
});

Deno.test("limits that a spec sets are sent as they are", () => {
  const resources = toResources({
    "cpus": 3,
    "cpu-time": "1 h",
    "bandwidth": { total: "1 MiB", rate: "2 Mbit/s" },
  });
  assert.deepEqual(buildLimitsSchema.parse(buildLimits(resources)), {
    wallSeconds: 7200,
    logBytes: 64 * 1024 ** 2,
    cpuSeconds: 3600,
    networkBytes: 1024 ** 2,
    networkBitsPerSecond: 2_000_000,
  });
  const { cpus, maxCpus } = workerDemand(resources, 4);
  assert.deepEqual({ cpus, maxCpus }, { cpus: 3, maxCpus: 4 });
});

Deno.test("each limit that ends a build is sent to whoever enforces it", () => {
  for (const [key, { kind, exceeded }] of limitRows) {
    if (exceeded === undefined) continue;
    const amount = 12_345_678;
    const written = formatExactQuantity(kind!, amount);
    const resources = toResources(withLimit({}, key, written));
    const sent = { ...buildLimits(resources), ...workerDemand(resources, 1) };
    assert.ok(Object.values(sent).includes(amount), key);
  }
});
