import assert from "node:assert/strict";
import type { WorkerDemand } from "../../src/shared/rpc/protocol.ts";
import { Capacity } from "./capacity.ts";

const MIB = 1024 ** 2;

/** As many bytes as anybody wants. */
const endless = () =>
  Promise.resolve({ measureBy: () => {}, release: () => {} });

/** What a worker wants, without a thought of the disk. */
function demand(wanted: Omit<WorkerDemand, "diskBytes">): WorkerDemand {
  return { ...wanted, diskBytes: MIB };
}

Deno.test("Capacity gives a worker all processors unless it wants fewer", async () => {
  const capacity = new Capacity(4, 4096 * MIB, endless);
  assert.equal(
    (await capacity.reserve(demand({ memoryBytes: 64 * MIB }))).cpus,
    4,
  );
  assert.equal(
    (await capacity.reserve(demand({ cpus: 2, memoryBytes: 64 * MIB }))).cpus,
    2,
  );
  assert.equal(
    (await capacity.reserve(demand({ maxCpus: 3, memoryBytes: 64 * MIB })))
      .cpus,
    3,
  );
  assert.equal(
    (await capacity.reserve(demand({ maxCpus: 8, memoryBytes: 64 * MIB })))
      .cpus,
    4,
  );
  await assert.rejects(
    capacity.reserve(demand({ cpus: 5, memoryBytes: 64 * MIB })),
    {
      code: "no-capacity",
      message: "The manager has 4 CPUs, not the worker's 5",
    },
  );
});

Deno.test("Capacity refuses builds that do not fit beside others", async () => {
  const capacity = new Capacity(1, 1024 * MIB, endless);
  const first = await capacity.reserve(demand({ memoryBytes: 300 * MIB }));
  const tooMuch = () => capacity.reserve(demand({ memoryBytes: 300 * MIB }));
  await assert.rejects(tooMuch(), {
    code: "no-capacity",
    message: /of 300 MiB: 212 MiB are free beside the builds under way/,
  });
  first.release();
  first.release();
  (await tooMuch()).release();
  await assert.rejects(
    capacity.reserve(demand({ memoryBytes: 641 * MIB })),
  );
  await capacity.reserve(demand({ memoryBytes: 640 * MIB }));
});

Deno.test("a worker that rests has room only beside the builds under way", async () => {
  const capacity = new Capacity(4, 2048 * MIB, endless);
  assert.ok(capacity.hasRoom(1024 * MIB));
  const share = await capacity.reserve(demand({ memoryBytes: 1024 * MIB }));
  assert.ok(!capacity.hasRoom(1024 * MIB));
  assert.ok(capacity.hasRoom(256 * MIB));
  share.release();
  assert.ok(capacity.hasRoom(1024 * MIB));
});

Deno.test("a build that the disk has no room for takes no memory", async () => {
  const released: string[] = [];
  const full = new Error("full");
  let isFull = true;
  const capacity = new Capacity(1, 1024 * MIB, (bytes) => {
    if (isFull) return Promise.reject(full);
    const release = () => released.push(`${bytes} bytes`);
    return Promise.resolve({ measureBy: () => {}, release });
  });
  const reserve = () => capacity.reserve(demand({ memoryBytes: 600 * MIB }));
  await assert.rejects(reserve(), full);
  isFull = false;
  const share = await reserve();
  assert.deepEqual(released, []);
  share.release();
  assert.deepEqual(released, [`${MIB} bytes`]);
});
