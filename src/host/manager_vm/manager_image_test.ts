import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  locateManagerImage,
  provideManagerImage,
  readManagerImageVersion,
} from "./manager_image.ts";

const files = {
  "vmlinuz": "kernel",
  "initrd.img": "initramfs",
  "root.squashfs": "root",
};

interface Places {
  readonly image: string;
  readonly copies: string;
  readonly cache: string;
}

async function withImage(
  test: (places: Places) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const image = join(directory, "image");
    const copies = join(directory, "copies");
    await Deno.mkdir(image);
    await Deno.mkdir(copies);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(image, name), text);
    }
    await writeManifest(image, { version: "v1", files: digests() });
    await test({ image, copies, cache: join(directory, "digests.json") });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function digests(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map((
      [name, text],
    ) => [name, createHash("sha256").update(text).digest("hex")]),
  );
}

async function writeManifest(image: string, manifest: unknown): Promise<void> {
  await Deno.writeTextFile(
    join(image, "manifest.json"),
    JSON.stringify(manifest),
  );
}

Deno.test("an image on the disk is used where it is", () =>
  withImage(async ({ image, copies, cache }) => {
    const source = { directory: image, embedded: false };
    assert.equal(await readManagerImageVersion(source), "v1");
    assert.deepEqual(await provideManagerImage(source, copies, cache), {
      version: "v1",
      kernel: join(image, "vmlinuz"),
      initrd: join(image, "initrd.img"),
      rootImage: join(image, "root.squashfs"),
    });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(copies)), []);
  }));

Deno.test("an image in the binary is copied once, as a whole", () =>
  withImage(async ({ image, copies, cache }) => {
    const source = { directory: image, embedded: true };
    await Deno.mkdir(join(copies, ".new.abandoned"));
    await Deno.mkdir(join(copies, "v0"));
    const provided = await provideManagerImage(source, copies, cache);
    assert.equal(provided.rootImage, join(copies, "v1", "root.squashfs"));
    assert.equal(await Deno.readTextFile(provided.rootImage), "root");
    const before = await Deno.stat(provided.rootImage);
    await provideManagerImage(source, copies, cache);
    assert.equal((await Deno.stat(provided.rootImage)).ino, before.ino);
    const names = await Array.fromAsync(Deno.readDir(copies));
    assert.deepEqual(names.map(({ name }) => name), ["v1"]);
  }));

Deno.test("an image that is not what its manifest says is refused", () =>
  withImage(async ({ image, copies, cache }) => {
    const provide = () =>
      provideManagerImage({ directory: image, embedded: false }, copies, cache);
    await Deno.writeTextFile(join(image, "vmlinuz"), "kernal");
    await assert.rejects(provide(), {
      code: "manager-image-damaged",
      message: /vmlinuz/,
    });
    await Deno.remove(join(image, "vmlinuz"));
    await assert.rejects(provide(), { code: "manager-image-damaged" });
    for (
      const manifest of [
        { version: "../v1", files: digests() },
        { version: "v1", files: {} },
        "v1",
      ]
    ) {
      await writeManifest(image, manifest);
      await assert.rejects(provide(), { code: "manager-image-damaged" });
    }
  }));

Deno.test("a missing image tells how to get one", async () => {
  const source = locateManagerImage("/nowhere/at/all");
  assert.deepEqual(source, { directory: "/nowhere/at/all", embedded: false });
  await assert.rejects(readManagerImageVersion(source), {
    code: "manager-image-missing",
    exitCode: 3,
  });
});

Deno.test("the image of a checkout is in its cache", () => {
  const { directory, embedded } = locateManagerImage(undefined);
  const root = join(directory, "..", "..", "..");
  assert.equal(directory, join(root, ".cache", "images", "manager"));
  assert.ok(Deno.statSync(join(root, "deno.json")).isFile);
  assert.equal(embedded, false);
});
