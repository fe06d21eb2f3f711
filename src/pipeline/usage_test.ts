import assert from "node:assert/strict";
import { addUsage } from "./usage.ts";

const usage = {
  cpuSeconds: 2,
  peakMemoryBytes: 300,
  diskBytes: 40,
  memoryKills: 1,
};

Deno.test("the first worker's usage is all there is", () => {
  assert.deepEqual(addUsage(null, usage), usage);
});

Deno.test("time adds up, and of room the most counts", () => {
  const later = {
    ...usage,
    cpuSeconds: 5,
    peakMemoryBytes: 200,
    diskBytes: 50,
  };
  assert.deepEqual(addUsage(usage, later), {
    cpuSeconds: 7,
    peakMemoryBytes: 300,
    diskBytes: 50,
    memoryKills: 2,
  });
});
