import assert from "node:assert/strict";
import fc from "fast-check";
import { partRuns, RUN_GRANULE } from "./zero_runs.ts";

Deno.test("runs are the bytes, in order, and zero where they say so", () => {
  // Of each granule, one byte that may not be zero, or all of them.
  const granule = fc.constantFrom(0, 1, 0x80, 0xff);
  fc.assert(
    fc.property(
      fc.array(fc.record({ byte: granule, at: fc.nat(RUN_GRANULE - 1) }), {
        maxLength: 6,
      }),
      fc.nat(RUN_GRANULE - 1),
      fc.nat(8),
      (granules, rest, shift) => {
        const length = granules.length * RUN_GRANULE + rest;
        const bytes = new Uint8Array(length + shift).subarray(shift);
        for (const [index, { byte, at }] of granules.entries()) {
          bytes[index * RUN_GRANULE + at] = byte;
        }
        const runs = [...partRuns(bytes)];
        const zeros = granules.filter(({ byte }) => byte === 0).length;
        let offset = 0;
        let zeroBytes = 0;
        for (const run of runs) {
          assert.equal(run.bytes.byteOffset, bytes.byteOffset + offset);
          offset += run.bytes.length;
          if (!run.isZero) continue;
          zeroBytes += run.bytes.length;
          assert.ok(run.bytes.every((byte) => byte === 0));
        }
        assert.equal(offset, length);
        assert.equal(zeroBytes, zeros * RUN_GRANULE);
        // Neighbours are of different kinds.
        assert.ok(
          runs.every(({ isZero }, i) => isZero !== runs[i - 1]?.isZero),
        );
      },
    ),
    { numRuns: 50 },
  );
});
