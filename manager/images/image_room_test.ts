import assert from "node:assert/strict";
import { ImageCache } from "./image_cache.ts";
import { measureFile } from "../system/file_size.ts";
import { claimDisk, DiskClaims } from "./disk_claims.ts";
import { Seals } from "./seals.ts";

const MIB = 1024 ** 2;
const digest = (digit: string) => digit.repeat(64);
const known = { image: "seal", prepared: null };

/** What the data disk of the tests has besides the 512 MiB that stay free. */
const ROOM_BYTES = 10 * MIB;

interface Fixture {
  cache: ImageCache;
  claims: DiskClaims;
  /** Images that are there, by the digit of their digest. */
  images(): Promise<string>;
  addImage(digit: string): Promise<void>;
  removedSpares: () => number;
}

/** A cache with images of 1 MiB, used in this order, and spares of 1 MiB. */
async function withImages(
  digits: string,
  test: (fixture: Fixture) => Promise<void>,
  spares = 0,
): Promise<void> {
  const state = await Deno.makeTempDir();
  const names = async () =>
    (await Array.fromAsync(Deno.readDir(`${state}/images`)))
      .map(({ name }) => name);
  let removed = 0;
  const spare = {
    bytes: () => Promise.resolve((spares - removed) * MIB),
    removeOldest: () => Promise.resolve(removed < spares && ++removed > 0),
  };
  const claims = new DiskClaims();
  const seals = new Seals(() => Promise.resolve("seal"));
  const cache = new ImageCache(state, spare, claims, seals, async () => {
    let used = (spares - removed) * MIB;
    for (const name of await names()) {
      used += await measureFile(`${state}/images/${name}`);
    }
    const total = 512 * MIB + ROOM_BYTES;
    return { total, used, available: total - used };
  });
  try {
    await cache.open();
    const fileOf = (digit: string) => `${state}/images/${digest(digit)}.qcow2`;
    const addImage = (digit: string) =>
      Deno.writeFile(fileOf(digit), new Uint8Array(MIB).fill(1));
    for (const [index, digit] of [...digits].entries()) {
      await addImage(digit);
      await Deno.utime(fileOf(digit), index + 1, index + 1);
    }
    await test({
      addImage,
      cache,
      claims,
      images: async () =>
        (await names()).map(([digit]) => digit).sort().join(""),
      removedSpares: () => removed,
    });
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

Deno.test("room is made by the least recently used images", () =>
  withImages("cba", async ({ cache, images }) => {
    await cache.makeRoom(7 * MIB);
    assert.equal(await images(), "abc");
    await cache.makeRoom(9 * MIB);
    assert.equal(await images(), "a");
  }));

Deno.test("nothing goes for what does not fit anyway", () =>
  withImages("abc", async ({ cache, images, removedSpares }) => {
    for (const bytes of [400 * 1024 * MIB, ROOM_BYTES + 1]) {
      await assert.rejects(cache.makeRoom(bytes), { code: "disk-full" });
    }
    assert.equal(removedSpares(), 0);
    await cache.find({ image: digest("a") }, known);
    await cache.acquire({ image: digest("a") });
    await assert.rejects(cache.makeRoom(ROOM_BYTES), { code: "disk-full" });
    assert.equal(await images(), "abc");
    assert.equal(removedSpares(), 2);
    cache.release({ image: digest("a") });
    await cache.makeRoom(ROOM_BYTES);
    assert.equal(await images(), "");
  }, 2));

Deno.test("what builds may still write is nobody else's room", () =>
  withImages("abc", async ({ cache, claims, images }) => {
    const claim = await claimDisk(7 * MIB, claims, cache);
    await assert.rejects(claimDisk(4 * MIB, claims, cache), {
      code: "no-capacity",
    });
    assert.equal(await images(), "abc");
    await cache.makeRoom(1 * MIB);
    assert.equal(await images(), "bc");
    await assert.rejects(cache.makeRoom(4 * MIB), { code: "disk-full" });
    claim.measureBy(() => Promise.resolve(7 * MIB));
    await cache.makeRoom(4 * MIB);
    claim.release();
  }));

Deno.test("what a build claimed counts once, whichever of its workers comes", () =>
  withImages("abc", async ({ cache, claims, images, addImage }) => {
    const claim = await claimDisk(7 * MIB, claims, cache);
    const confirm = () => claims.confirm(() => cache.makeRoom(0));
    await confirm();
    await confirm();
    assert.equal(await images(), "abc");
    // The first worker's disk was kept; the next one may write as much again.
    await addImage("d");
    await confirm();
    assert.equal(await images(), "bcd");
    claim.release();
  }));

Deno.test("a build that is about to be refused takes no other's room", () =>
  withImages("abc", async ({ cache, claims, images }) => {
    const claim = await claimDisk(9 * MIB, claims, cache);
    const before = await images();
    const [begun, end] = [0, 1].map(() => Promise.withResolvers<void>());
    const refused = claims.take(4 * MIB, async () => {
      begun!.resolve();
      await end!.promise;
      await cache.makeRoom(0);
    });
    await begun!.promise;
    // What comes between would be refused in its place.
    await assert.rejects(cache.makeRoom(0), { code: "disk-full" });
    const confirmed = claims.confirm(() => cache.makeRoom(0));
    end!.resolve();
    await assert.rejects(refused, { code: "disk-full" });
    await confirmed;
    assert.equal(await images(), before);
    claim.release();
  }));

Deno.test("spares go before images do", () =>
  withImages("abc", async ({ cache, images, removedSpares }) => {
    await cache.makeRoom(6 * MIB);
    assert.equal(await images(), "abc");
    assert.equal(removedSpares(), 1);
  }, 2));

Deno.test("what is too old or too much is trimmed, save what is asked for", () =>
  withImages("abcd", async ({ cache, images }) => {
    await cache.trim({ maxBytes: 4 * MIB, since: 1000 });
    assert.equal(await images(), "abcd");
    await cache.find({ image: digest("a") }, known);
    await cache.trim({ maxBytes: 4 * MIB, since: 2001 });
    assert.equal(await images(), "acd");
    await cache.trim({ maxBytes: 2 * MIB, since: 0 });
    assert.equal(await images(), "ad");
  }));

Deno.test("builds that make room at the same time get it", () =>
  withImages("abcdefgh", async ({ cache, images }) => {
    const limits = { maxBytes: 2 * MIB, since: 0 };
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        // Each finds another one at work.
        for (let turn = 0; turn < index; turn++) {
          await Deno.stat(".");
        }
        await cache.trim(limits);
      }),
    );
    assert.equal(await images(), "gh");
  }));

Deno.test("an image that a worker has just got stays", () =>
  withImages("abc", async ({ cache, images }) => {
    await cache.find({ image: digest("c") }, known);
    const { remove } = Deno;
    let acquired: ReturnType<typeof cache.acquire> | undefined;
    Deno.remove = (path) => {
      // All were chosen; the one that was used last would go last.
      acquired ??= cache.acquire({ image: digest("c") });
      return remove(path);
    };
    try {
      await cache.trim({ maxBytes: 0, since: 0 });
    } finally {
      Deno.remove = remove;
    }
    assert.ok((await Deno.stat((await acquired!).file)).isFile);
    assert.equal(await images(), "c");
  }));
