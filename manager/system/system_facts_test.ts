import assert from "node:assert/strict";
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
