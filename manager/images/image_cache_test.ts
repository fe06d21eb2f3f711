import assert from "node:assert/strict";
import { dirname } from "node:path";
import { ImageCache } from "./image_cache.ts";
import { DiskClaims } from "./disk_claims.ts";
import { type Sealer, Seals } from "./seals.ts";

const [IMAGE, OTHER, PREPARED] = ["a", "b", "c"].map((it) => it.repeat(64)) as [
  string,
  string,
  string,
];
const NO_SEALS = { image: null, prepared: null };

/** The seal of a file is what is in it. */
const sealer: Sealer = async (_action, file) => await Deno.readTextFile(file);

const spare = {
  removeOldest: () => Promise.resolve(false),
  bytes: () => Promise.resolve(0),
};

/** A cache as a new agent finds it, with files by their paths. */
async function withCache(
  files: Record<string, string>,
  test: (cache: ImageCache, state: string) => Promise<void>,
): Promise<void> {
  const state = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      const folder = dirname(path);
      await Deno.mkdir(`${state}/${folder}`, { recursive: true });
      await Deno.writeTextFile(`${state}/${path}`, text);
    }
    const cache = new ImageCache(
      state,
      spare,
      new DiskClaims(),
      new Seals(sealer),
    );
    await cache.open();
    await test(cache, state);
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

const files = {
  [`images/${IMAGE}.qcow2`]: "image",
  [`prepared/${PREPARED}.qcow2`]: "disk",
  [`prepared/${PREPARED}.json`]: JSON.stringify({ image: IMAGE }),
};
const name = { image: IMAGE, prepared: PREPARED };

Deno.test("what an earlier agent left serves with the seals that the host knows", () =>
  withCache(files, async (cache, state) => {
    const seals = { image: "image", prepared: "disk" };
    const found = await cache.find(name, seals);
    assert.deepEqual(found, { image: true, prepared: true });
    const { chain } = await cache.acquire(name);
    assert.deepEqual(chain.map(({ file }) => file), [
      `${state}/prepared/${PREPARED}.qcow2`,
      `${state}/images/${IMAGE}.qcow2`,
    ]);
    cache.release(name);
    // Once is enough: the kernel checks the rest.
    assert.deepEqual(await cache.find(name, NO_SEALS), found);
  }));

for (
  const [title, seals, image] of [
    ["that are not known", NO_SEALS, false],
    ["of another image", { image: "other", prepared: "disk" }, false],
    ["of another disk", { image: "image", prepared: "other" }, true],
    ["in each other's place", { image: "disk", prepared: "image" }, false],
  ] as const
) {
  Deno.test(`seals ${title} let nothing serve`, () =>
    withCache(files, async (cache) => {
      const found = await cache.find(name, seals);
      assert.deepEqual(found, { image, prepared: false });
      await assert.rejects(cache.acquire(name), { code: "unknown-image" });
    }));
}

Deno.test("nothing serves that nobody asked for with its seal", () =>
  withCache(files, async (cache) => {
    for (const base of [name, { image: IMAGE }]) {
      await assert.rejects(cache.acquire(base), { code: "unknown-image" });
    }
  }));

Deno.test("a prepared disk serves over its own image alone", () => {
  const two = { ...files, [`images/${OTHER}.qcow2`]: "other" };
  return withCache(two, async (cache) => {
    const found = await cache.find(
      { image: OTHER, prepared: PREPARED },
      { image: "other", prepared: "disk" },
    );
    assert.deepEqual(found, { image: true, prepared: false });
  });
});

Deno.test("what no agent of this version made is removed", () => {
  const strange = {
    "images/1234.partial": "half",
    [`images/${OTHER}.raw`]: "of an earlier version",
    [`prepared/${OTHER}.qcow2`]: "no record",
  };
  return withCache({ ...files, ...strange }, async (_cache, state) => {
    const left = async (folder: string) =>
      (await Array.fromAsync(
        Deno.readDir(`${state}/${folder}`),
        (it) => it.name,
      ))
        .sort();
    assert.deepEqual(await left("images"), [`${IMAGE}.qcow2`]);
    assert.deepEqual(await left("prepared"), [
      `${PREPARED}.json`,
      `${PREPARED}.qcow2`,
    ]);
  });
});

Deno.test("what is kept now serves, with a seal for later", () =>
  withCache({}, async (_cache, state) => {
    const seals = new Seals(sealer);
    const [partial, kept] = [`${state}/partial`, `${state}/kept`];
    await Deno.writeTextFile(partial, "seal");
    assert.equal(await seals.keep(partial, kept), "seal");
    assert.ok(seals.isTrusted(kept));
    assert.ok(!seals.isTrusted(partial));
  }));

Deno.test("a file without a seal is never the one that is meant", async () => {
  const seals = new Seals(() => Promise.resolve(null));
  assert.ok(!await seals.accepts("/image", null));
  assert.ok(!await seals.accepts("/image", "seal"));
});

Deno.test("what is no file of the cache is removed when it is opened", () =>
  withCache({
    ...files,
    "images/partial": "of a copy",
    [`images/${OTHER}.qcow2/file`]: "of a folder",
  }, async (_cache, state) => {
    const names = await Array.fromAsync(
      Deno.readDir(`${state}/images`),
      ({ name }) => name,
    );
    assert.deepEqual(names, [`${IMAGE}.qcow2`]);
  }));
