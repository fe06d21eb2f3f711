import assert from "node:assert/strict";
import { parseDiskSpace } from "./data_disk.ts";
import { parseMemoryFacts } from "./system_facts.ts";

Deno.test("parseMemoryFacts() reads totals in bytes", () => {
  assert.deepEqual(
    parseMemoryFacts(
      "MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable: 16 kB\n",
    ),
    { total: 2048 * 1024, available: 16 * 1024 },
  );
  assert.throws(() => parseMemoryFacts("MemTotal: 1 kB\n"), /MemAvailable/);
});

Deno.test("parseDiskSpace() reads df's numbers", () => {
  assert.deepEqual(parseDiskSpace("  1B-blocks  Used  Avail\n 300 200 100\n"), {
    total: 300,
    used: 200,
    available: 100,
  });
  assert.throws(() => parseDiskSpace("df: error\n"));
});
