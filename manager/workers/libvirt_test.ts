import assert from "node:assert/strict";
import {
  controlGroupOf,
  migrationStatus,
  parseDomainStats,
  scopeOf,
} from "./libvirt.ts";

Deno.test("parseDomainStats() reads CPU time and memory", () => {
  assert.deepEqual(
    parseDomainStats(`Domain: 'contractor-1'
  cpu.time=42340000000
  cpu.user=40000000000
  balloon.current=524288
  balloon.rss=301220
`),
    { cpuSeconds: 42.34, peakMemoryBytes: 301220 * 1024 },
  );
  assert.deepEqual(parseDomainStats(""), { cpuSeconds: 0, peakMemoryBytes: 0 });
});

Deno.test("controlGroupOf() finds the machine's scope", () => {
  assert.equal(
    controlGroupOf(
      "0::/machine.slice/machine-qemu\\x2d1\\x2dcontractor\\x2d1.scope/libvirt/emulator\n",
    ),
    "/sys/fs/cgroup/machine.slice/machine-qemu\\x2d1\\x2dcontractor\\x2d1.scope",
  );
  assert.equal(
    scopeOf("/sys/fs/cgroup/machine.slice/machine-qemu\\x2d1.scope"),
    "machine-qemu\\x2d1.scope",
  );
  assert.equal(
    controlGroupOf("0::/system.slice/libvirtd.service\n"),
    undefined,
  );
});

Deno.test("migrationStatus() reads what QEMU answers, and nothing else", () => {
  assert.equal(
    migrationStatus('{"return":{"status":"completed","ram":{}},"id":"1"}\n'),
    "completed",
  );
  assert.equal(migrationStatus('{"return":{},"id":"1"}'), undefined);
  assert.throws(() => migrationStatus('{"error":{"class":"GenericError"}}'));
  assert.throws(() => migrationStatus("garbage"));
});
