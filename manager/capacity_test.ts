import assert from "node:assert/strict";
import { Capacity } from "./capacity.ts";

const MIB = 1024 ** 2;

Deno.test("Capacity gives a worker all processors unless it wants fewer", () => {
  const capacity = new Capacity(4, 4096 * MIB);
  assert.equal(capacity.reserve({ memoryBytes: 64 * MIB }).cpus, 4);
  assert.equal(capacity.reserve({ cpus: 2, memoryBytes: 64 * MIB }).cpus, 2);
  assert.equal(capacity.reserve({ maxCpus: 3, memoryBytes: 64 * MIB }).cpus, 3);
  assert.equal(capacity.reserve({ maxCpus: 8, memoryBytes: 64 * MIB }).cpus, 4);
  assert.throws(() => capacity.reserve({ cpus: 5, memoryBytes: 64 * MIB }), {
    code: "no-capacity",
    message: "The manager has 4 CPUs, not the worker's 5",
  });
});

Deno.test("Capacity refuses builds that do not fit beside others", () => {
  const capacity = new Capacity(1, 1024 * MIB);
  const first = capacity.reserve({ memoryBytes: 300 * MIB });
  const tooMuch = () => capacity.reserve({ memoryBytes: 300 * MIB });
  assert.throws(tooMuch, {
    code: "no-capacity",
    message: /of 300 MiB: 212 MiB are free beside the builds under way/,
  });
  first.release();
  first.release();
  tooMuch().release();
  assert.throws(() => capacity.reserve({ memoryBytes: 641 * MIB }));
  capacity.reserve({ memoryBytes: 640 * MIB });
});

Deno.test("a worker that rests has room only beside the builds under way", () => {
  const capacity = new Capacity(4, 2048 * MIB);
  assert.ok(capacity.hasRoom(1024 * MIB));
  const share = capacity.reserve({ memoryBytes: 1024 * MIB });
  assert.ok(!capacity.hasRoom(1024 * MIB));
  assert.ok(capacity.hasRoom(256 * MIB));
  share.release();
  assert.ok(capacity.hasRoom(1024 * MIB));
});
