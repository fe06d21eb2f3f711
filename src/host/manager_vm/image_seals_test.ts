import assert from "node:assert/strict";
import { noteSeal, readSeal } from "./image_seals.ts";

const digest = (number: number) => number.toString(16).padStart(64, "0");
const seal = (number: number) => number.toString(16).padStart(128, "0");

async function inDirectory(test: (directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a seal is remembered by its file's name", () =>
  inDirectory(async (directory) => {
    assert.equal(await readSeal(directory, digest(1)), null);
    await noteSeal(directory, digest(1), seal(2));
    await noteSeal(directory, digest(3), seal(4));
    await noteSeal(directory, digest(1), seal(5));
    assert.equal(await readSeal(directory, digest(1)), seal(5));
    assert.equal(await readSeal(directory, digest(3)), seal(4));
  }));

Deno.test("what is no seal is none", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/${digest(1)}`, "damaged");
    assert.equal(await readSeal(directory, digest(1)), null);
    await assert.rejects(readSeal(directory, "../digests.json"));
    await assert.rejects(noteSeal(directory, digest(1), "damaged"));
  }));

Deno.test("the oldest seals are forgotten", () =>
  inDirectory(async (directory) => {
    for (let number = 0; number < 1024; number++) {
      const path = `${directory}/${digest(number)}`;
      await Deno.writeTextFile(path, seal(number));
      await Deno.utime(path, number, number);
    }
    await noteSeal(directory, digest(5000), seal(1));
    assert.equal(await readSeal(directory, digest(0)), null);
    assert.equal(await readSeal(directory, digest(1)), seal(1));
    assert.equal(await readSeal(directory, digest(5000)), seal(1));
    // Builds that end at the same time forget the same ones.
    await Promise.all(
      Array.from(
        { length: 20 },
        (_, index) => noteSeal(directory, digest(6000 + index), seal(2)),
      ),
    );
    assert.equal(await readSeal(directory, digest(6019)), seal(2));
  }));
