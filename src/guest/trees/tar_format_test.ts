import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BLOCK,
  encodeHeader,
  padding,
  parseHeader,
  parsePax,
  paxRecord,
  TarFormatError,
} from "./tar_format.ts";

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, min: 1 }).map((b) => new Uint8Array(b));

const header = fc.record({
  name: bytes(100),
  link: bytes(100),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  size: fc.oneof(
    fc.maxSafeNat(),
    fc.constantFrom(0, 0o77777777777, 0o77777777777 + 1),
  ),
  mtime: fc.integer({ min: 0, max: 0o77777777777 }),
  type: fc.constantFrom("0", "2", "5", "L", "x"),
}, { noNullPrototype: true });

Deno.test("parseHeader reads what encodeHeader writes", () => {
  fc.assert(fc.property(header, (written) => {
    assert.deepEqual(parseHeader(encodeHeader(written)), written);
  }));
});

Deno.test("parseHeader tells a block of zeros", () => {
  assert.equal(parseHeader(new Uint8Array(BLOCK)), undefined);
});

Deno.test("parseHeader refuses random blocks", () => {
  const block = fc.uint8Array({ minLength: BLOCK, maxLength: BLOCK });
  fc.assert(fc.property(block, (random) => {
    fc.pre(random.some((byte) => byte !== 0));
    assert.throws(() => parseHeader(random), TarFormatError);
  }));
});

Deno.test("parseHeader notices any changed byte", () => {
  const position = fc.nat(BLOCK - 1);
  fc.assert(fc.property(
    header,
    position,
    fc.integer({ min: 1, max: 255 }),
    (written, at, change) => {
      fc.pre(at < 148 || at >= 156);
      const block = encodeHeader(written);
      block[at] = (block[at]! + change) % 256;
      assert.throws(() => parseHeader(block), TarFormatError);
    },
  ));
});

Deno.test("parsePax reads what paxRecord writes", () => {
  const key = fc.string({ minLength: 1, maxLength: 20 })
    .filter((text) => !text.includes("="));
  const value = fc.string({ unit: "binary", maxLength: 1200 })
    .filter((text) => text.isWellFormed());
  fc.assert(fc.property(key, value, (k, v) => {
    const read = parsePax(paxRecord(k, v)).get(k);
    assert.equal(new TextDecoder().decode(read), v);
  }));
});

Deno.test("parsePax ends on any input", () => {
  const records = fc.array(
    fc.constantFrom("-5 ", "1", "9", " ", "=", "\n", "a", "0", "path=b\n"),
    { maxLength: 30 },
  ).map((parts) => new TextEncoder().encode(parts.join("")));
  fc.assert(fc.property(records, (body) => {
    try {
      parsePax(body);
    } catch (error) {
      assert.ok(error instanceof TarFormatError);
    }
  }));
});

Deno.test("padding fills whole blocks", () => {
  assert.deepEqual([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
});
