import assert from "node:assert/strict";
import fc from "fast-check";
import { LineBuffer } from "./line_buffer.ts";

const text = fc.string({ unit: "grapheme", maxLength: 60 })
  .map((line) => line.replaceAll("\n", " "));

Deno.test("lines survive any cutting of the byte stream", () => {
  fc.assert(
    fc.property(
      fc.array(text),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (lines, sizes) => {
        const bytes = new TextEncoder().encode(
          lines.map((line) => line + "\n").join(""),
        );
        const buffer = new LineBuffer(4096);
        const found: string[] = [];
        for (let offset = 0; offset < bytes.length;) {
          const size = sizes.next().value as number;
          found.push(...buffer.push(bytes.subarray(offset, offset + size)));
          offset += size;
        }
        assert.deepEqual(found, lines);
      },
    ),
  );
});

Deno.test("a line over the limit is refused, however it arrives", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 50 }),
      (length, step) => {
        const buffer = new LineBuffer(100);
        const push = () => {
          for (let sent = 0; sent < length; sent += step) {
            buffer.push(new Uint8Array(Math.min(step, length - sent)).fill(65));
          }
        };
        if (length > 100) assert.throws(push, RangeError);
        else push();
      },
    ),
  );
});

Deno.test("an unfinished line is not handed out", () => {
  const buffer = new LineBuffer(10);
  assert.deepEqual(buffer.push(new TextEncoder().encode("a\n\nbc")), ["a", ""]);
  assert.deepEqual(buffer.push(new TextEncoder().encode("d\n")), ["bcd"]);
});
