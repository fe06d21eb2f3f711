import assert from "node:assert/strict";
import fc from "fast-check";
import { countMemoryKills } from "./out_of_memory.ts";

const killed =
  "Out of memory: Killed process 123 (sh) total-vm:4404kB, anon-rss:3072kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:40kB oom_score_adj:0";

Deno.test("countMemoryKills() counts each process that the kernel killed", () => {
  const console = [
    "[   12.345678] sh invoked oom-killer: gfp_mask=0x140cca, order=0",
    "[   12.345690] Mem-Info:",
    `[   12.345999] ${killed}`,
    "[   13.000000] oom_reaper: reaped process 123 (sh), now anon-rss:0kB",
    `[   14.345999] ${killed}`,
    `[   15.345999] Memory cgroup out${killed.slice(3)}`,
    "",
  ].join("\r\n");
  assert.equal(countMemoryKills(console), 3);
});

Deno.test("countMemoryKills() knows lines without time, or with a level", () => {
  assert.equal(countMemoryKills(killed), 1);
  assert.equal(countMemoryKills(`<3>${killed}`), 0);
  assert.equal(countMemoryKills(`<3> ${killed}\n`), 1);
});

Deno.test("countMemoryKills() takes no other text for a kill", () => {
  for (
    const text of [
      "",
      "Out of memory",
      "out of memory: Killed process 1 (sh)",
      "error: virtual memory exhausted: Cannot allocate memory",
      "Out of memory: Killed process many (sh)",
      "Out of memory: Killed process 12345678901 (sh)",
    ]
  ) assert.equal(countMemoryKills(text), 0, text);
});

Deno.test("countMemoryKills() looks at a bounded end of any text", () => {
  const line = `${killed}\n`;
  const count = countMemoryKills(line.repeat(100_000));
  assert.ok(count > 100 && count < 1000, String(count));
  assert.equal(countMemoryKills(line + "x".repeat(70_000)), 0);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
      assert.ok(countMemoryKills(text) >= 0);
    }),
  );
});
