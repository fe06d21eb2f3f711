import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteQueue } from "./byte_queue.ts";

Deno.test("bytes come out in the order in which they went in", () => {
  const step = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.constant("shift" as const),
  );
  fc.assert(fc.property(fc.array(step), (steps) => {
    const queue = new ByteQueue();
    const pushed: number[] = [];
    const shifted: number[] = [];
    for (const step of steps) {
      if (step === "shift") {
        shifted.push(...queue.shift() ?? []);
      } else {
        pushed.push(...step);
        queue.push(step);
      }
      assert.equal(queue.length, pushed.length - shifted.length);
    }
    for (let block; (block = queue.shift());) shifted.push(...block);
    assert.deepEqual(shifted, pushed);
  }));
});

Deno.test("what was taken is not written to again", () => {
  const queue = new ByteQueue();
  for (let n = 0; n < 5; n++) queue.push(Uint8Array.of(1));
  const taken: Uint8Array[] = [];
  for (let block; (block = queue.shift());) taken.push(block);
  queue.push(Uint8Array.of(2, 2, 2, 2, 2));
  assert.ok(taken.every((block) => block.every((byte) => byte === 1)));
});

Deno.test("single bytes are kept in few blocks of bounded size", () => {
  const queue = new ByteQueue();
  const length = 256 * 1024;
  for (let n = 0; n < length; n++) queue.push(Uint8Array.of(n));
  let blocks = 0;
  let allocated = 0;
  for (let block; (block = queue.shift());) {
    blocks++;
    allocated += block.buffer.byteLength;
  }
  assert.ok(blocks < 32, `${blocks} blocks`);
  assert.ok(allocated <= 2 * length, `${allocated} bytes`);
});

Deno.test("a cleared queue is empty", () => {
  const queue = new ByteQueue();
  queue.push(Uint8Array.of(1));
  queue.clear();
  assert.equal(queue.length, 0);
  assert.equal(queue.shift(), undefined);
});
