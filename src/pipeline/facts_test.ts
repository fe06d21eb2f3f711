import assert from "node:assert/strict";
import fc from "fast-check";
import type { Usage } from "../shared/rpc/protocol.ts";
import { type Fact, foldFacts, type WorkerUse } from "./facts.ts";

const rule = { host: "a.example", port: 443, protocol: "https" } as const;

const count = fc.nat(1000);
const usage: fc.Arbitrary<Usage> = fc.record({
  cpuSeconds: count,
  peakMemoryBytes: count,
  diskBytes: count,
  memoryKills: count,
});
const used = fc.record({
  type: fc.constant("used" as const),
  use: fc.constantFrom<WorkerUse>("prepare", "build"),
  usage,
});

Deno.test("without facts a report says that there is nothing", () => {
  const { image, boot, usage, workspace } = foldFacts([]);
  assert.deepEqual({ image, boot, usage, exported: workspace.exported }, {
    image: null,
    boot: null,
    usage: { prepare: null, build: null },
    exported: false,
  });
});

Deno.test("what workers used is summed by what they were for", () => {
  fc.assert(fc.property(fc.array(used), (facts) => {
    const sheet = foldFacts(facts);
    for (const use of ["prepare", "build"] as const) {
      const own = facts.filter((fact) => fact.use === use);
      const sum = own.reduce((sum, { usage }) => sum + usage.cpuSeconds, 0);
      assert.equal(sheet.usage[use]?.cpuSeconds ?? 0, sum);
      assert.equal(sheet.usage[use] === null, own.length === 0);
    }
  }));
});

Deno.test("a later fact of a kind takes the place of an earlier one", () => {
  const facts: Fact[] = [
    { type: "prepared", key: "k", reused: false },
    { type: "allowed", use: "build", rules: [rule] },
    { type: "allowed", use: "prepare", rules: [rule] },
    { type: "prepared", key: "k", reused: true },
    { type: "allowed", use: "build", rules: [] },
  ];
  const { prepared, egress } = foldFacts(facts);
  assert.deepEqual(prepared, { key: "k", reused: true });
  assert.deepEqual(egress.prepare.allowed, [rule]);
  assert.deepEqual(egress.build.allowed, []);
});

Deno.test("facts of other kinds leave alone what is known", () => {
  const before = foldFacts([{ type: "built", status: 7 }]);
  fc.assert(fc.property(fc.array(used), (facts) => {
    const all: Fact[] = [{ type: "built", status: 7 }, ...facts];
    const { usage: _, ...others } = foldFacts(all);
    const { usage: __, ...expected } = before;
    assert.deepEqual(others, expected);
  }));
});

Deno.test("a workspace that was kept beside is among the notes", () => {
  const tree = {
    entries: 1,
    bytes: 2,
    notes: ["left out"],
    leftOut: { count: 0, programs: [], first: [] },
    kept: "kept beside",
  };
  const { workspace } = foldFacts([{ type: "exported", tree }]);
  assert.deepEqual(workspace.notes, ["left out", "kept beside"]);
  assert.deepEqual(tree.notes, ["left out"]);
  assert.ok(workspace.exported && !("kept" in workspace));
});
