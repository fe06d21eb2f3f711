import assert from "node:assert/strict";
import fc from "fast-check";
import { allocatedBytes } from "../../src/shared/allocated_bytes.ts";
import { packedImage } from "../../src/host/testing/packed_image.ts";
import { MAX_DISK_BYTES } from "../../src/shared/limits/disk_size.ts";
import { checkWorkerImage, maxCopyBytes } from "../../src/host/worker_image.ts";
import { runCommand } from "../system/commands.ts";
import {
  checkImage,
  checkOverlay,
  copyImage,
  createCloneOverlay,
  createOverlay,
  imageDefect,
  measureData,
  overlaySize,
  virtualSize,
} from "./disk_image.ts";
import type { ImageTool } from "./image_tool.ts";

const MEBIBYTE = 1024 ** 2;

/** For copies that nobody stops. */
const never = new AbortController().signal;

/** Without confinement, which takes root and what the manager's image has. */
const tool: ImageTool = ({ args, timeoutSeconds = 60, signal }) =>
  runCommand("qemu-img", args, {
    timeoutSeconds,
    ...(signal && { signal }),
  });

async function qemuImg(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("qemu-img", { args })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** What a guest would see on a qcow2 disk. */
async function contentOf(image: string): Promise<Uint8Array> {
  const raw = `${image}.raw`;
  await qemuImg("convert", "-f", "qcow2", "-O", "raw", image, raw);
  return await Deno.readFile(raw);
}

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("imageDefect() names what an image must not have", () => {
  const sound = { format: "qcow2", "virtual-size": MEBIBYTE };
  assert.equal(imageDefect(sound, "qcow2"), undefined);
  assert.equal(imageDefect(sound, "raw"), "Image is not raw");
  assert.equal(
    imageDefect({ ...sound, "virtual-size": 0 }, "qcow2"),
    "Image is empty",
  );
  assert.equal(
    imageDefect({ ...sound, "backing-filename": "/etc/passwd" }, "qcow2"),
    "Image has a backing file",
  );
  assert.equal(
    imageDefect({ ...sound, encrypted: true }, "qcow2"),
    "Image is encrypted",
  );
  assert.equal(
    imageDefect({
      ...sound,
      "format-specific": { data: { "data-file": "x" } },
    }, "qcow2"),
    "Image has an external data file",
  );
});

Deno.test("checkImage() takes sound images", () =>
  inFolder(async (folder) => {
    await qemuImg("create", "-q", "-f", "qcow2", `${folder}/a`, "1M");
    const info = await checkImage(`${folder}/a`, "qcow2", tool);
    assert.equal(info["virtual-size"], MEBIBYTE);
  }));

Deno.test("checkImage() refuses images that refer to other files", () =>
  inFolder(async (folder) => {
    const [secret, backed, split] = ["secret", "backed", "split"]
      .map((name) => `${folder}/${name}`) as [string, string, string];
    await Deno.writeTextFile(secret, "x".repeat(MEBIBYTE));
    await qemuImg(
      ...["create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", backed],
    );
    await qemuImg(
      ...["create", "-q", "-f", "qcow2", "-o"],
      `data_file=${secret},data_file_raw=on`,
      split,
      "1M",
    );
    for (const file of [backed, split]) {
      await assert.rejects(checkImage(file, "qcow2", tool), {
        code: "bad-image",
      });
    }
  }));

Deno.test("checkImage() refuses what is no qcow2 image", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text`, "not an image\n");
    await assert.rejects(checkImage(`${folder}/text`, "qcow2", tool), {
      code: "bad-image",
    });
  }));

Deno.test("virtualSize() believes no header that cannot be", () =>
  inFolder(async (folder) => {
    const file = `${folder}/image`;
    await qemuImg("create", "-q", "-f", "qcow2", file, "3G");
    assert.equal(await virtualSize(file), 3 * 1024 ** 3);
    const bytes = await Deno.readFile(file);
    const damaged = [
      bytes.with(0, 0),
      bytes.with(24, 0xff),
      bytes.subarray(0, 31),
    ];
    for (const content of damaged) {
      await Deno.writeFile(file, content);
      await assert.rejects(virtualSize(file), { code: "bad-image" });
    }
  }));

Deno.test("answers that make no sense are the image's fault", async () => {
  for (const answer of ["", "{}", "[".repeat(100_000)]) {
    const lying: ImageTool = () => Promise.resolve(answer);
    for (const ask of [checkImage, measureData]) {
      await assert.rejects(ask("/image", "raw", lying), { code: "bad-image" });
    }
  }
});

Deno.test("a raw image's content never makes it another format", () =>
  inFolder(async (folder) => {
    const [secret, disguised] = ["secret", "disguised"]
      .map((name) => `${folder}/${name}`) as [string, string];
    await Deno.writeTextFile(secret, "x".repeat(MEBIBYTE));
    await qemuImg(
      ...["create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", disguised],
    );
    await Deno.truncate(disguised, MEBIBYTE);
    const bytes = await Deno.readFile(disguised);
    await copyImage(disguised, "raw", `${folder}/copy`, MEBIBYTE, never, tool);
    const copy = await contentOf(`${folder}/copy`);
    assert.deepEqual(copy.subarray(0, bytes.length), bytes);
  }));

Deno.test("copyImage() ends when it is told to", () =>
  inFolder(async (folder) => {
    const source = `${folder}/source`;
    await Deno.writeFile(source, crypto.getRandomValues(new Uint8Array(4096)));
    const told = new AbortController();
    const copied = copyImage(
      source,
      "raw",
      `${folder}/copy`,
      4096,
      told.signal,
      tool,
    );
    told.abort();
    await assert.rejects(copied);
    await assert.rejects(
      copyImage(source, "raw", `${folder}/never`, 4096, told.signal, tool),
    );
    await assert.rejects(Deno.stat(`${folder}/never`), Deno.errors.NotFound);
  }));

Deno.test("copyImage() takes no copy that leads elsewhere", () =>
  inFolder(async (folder) => {
    const [secret, copy] = [`${folder}/secret`, `${folder}/copy`];
    await Deno.writeTextFile(secret, "x".repeat(MEBIBYTE));
    // As a tool that an image took over may do.
    const harmful: ImageTool = async () => {
      await qemuImg(
        ...["create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", copy],
      );
      return "";
    };
    const copied = copyImage("/image", "raw", copy, MEBIBYTE, never, harmful);
    await assert.rejects(copied, { code: "bad-image" });
  }));

Deno.test("copyImage() and createOverlay() keep an image's content", () =>
  inFolder(async (folder) => {
    const content = crypto.getRandomValues(new Uint8Array(4096));
    await Deno.writeFile(`${folder}/content`, content);
    await Deno.truncate(`${folder}/content`, 64 * MEBIBYTE);
    await qemuImg(
      ...["convert", "-f", "raw", "-O", "qcow2"],
      `${folder}/content`,
      `${folder}/image`,
    );
    const needed = await measureData(`${folder}/image`, "qcow2", tool);
    assert.ok(needed < 2 * MEBIBYTE, String(needed));
    const base = `${folder}/base`;
    await copyImage(
      `${folder}/image`,
      "qcow2",
      base,
      needed,
      never,
      tool,
    );
    assert.equal(await virtualSize(base), 64 * MEBIBYTE);
    // A seal covers all of a file, holes and all.
    const { size } = await Deno.stat(base);
    assert.ok(size < MEBIBYTE, "the copy has no holes");
    assert.deepEqual((await contentOf(base)).subarray(0, 4096), content);

    const overlay = `${folder}/overlay`;
    const overlayOver = async (limitBytes: number) => {
      await createOverlay(
        overlay,
        { file: base },
        limitBytes,
        tool,
      );
      await checkOverlay(overlay, tool);
      assert.equal((await Deno.stat(overlay)).mode! & 0o777, 0o600);
      return await virtualSize(overlay);
    };
    assert.equal(await overlayOver(MEBIBYTE), 66 * MEBIBYTE);
    assert.equal(await overlayOver(80 * MEBIBYTE), 149 * MEBIBYTE);

    const clone = `${folder}/clone`;
    await createCloneOverlay(clone, overlay, tool);
    await checkOverlay(clone, tool);
    assert.equal(await virtualSize(clone), 149 * MEBIBYTE);
  }));

Deno.test("overlaySize() leaves room beyond the limit, and for the image", () => {
  const GIBIBYTE = 1024 ** 3;
  assert.equal(overlaySize(64 * MEBIBYTE, 256 * MEBIBYTE), 256 * MEBIBYTE);
  assert.equal(overlaySize(256 * MEBIBYTE, 256 * MEBIBYTE), 336 * MEBIBYTE);
  assert.equal(overlaySize(16 * GIBIBYTE, 0), 17 * GIBIBYTE + 64 * MEBIBYTE);
  fc.assert(
    fc.property(
      fc.integer({ min: MEBIBYTE, max: 2 ** 44 }),
      fc.integer({ min: 1, max: 2 ** 44 }),
      (limit, image) => {
        const size = overlaySize(limit, image);
        assert.ok(size >= image && size >= limit + 64 * MEBIBYTE);
        assert.ok(size === image || size % MEBIBYTE === 0);
      },
    ),
  );
});

Deno.test("virtualSize() takes the overlay of the largest build, and no larger disk", () =>
  inFolder(async (folder) => {
    const image = `${folder}/image`;
    const create = (bytes: number) =>
      qemuImg("create", "-q", "-f", "qcow2", image, String(bytes));
    const most = overlaySize(MAX_DISK_BYTES, MAX_DISK_BYTES);
    await create(most);
    assert.equal(await virtualSize(image), most);
    await create(most + MEBIBYTE);
    await assert.rejects(virtualSize(image), { code: "bad-image" });
  }));

Deno.test("measureData() knows what a small image is when it is unpacked", () =>
  inFolder(async (folder) => {
    const image = `${folder}/image`;
    const packed = packedImage(3 * 1024 ** 3);
    await Deno.writeFile(image, packed);
    assert.ok(await measureData(image, "qcow2", tool) >= 3 * 1024 ** 3);
    const taken = allocatedBytes(await Deno.stat(image));
    await Deno.truncate(image, 64 * 1024 ** 3);
    const checked = await checkWorkerImage(image);
    assert.equal(maxCopyBytes(checked), 1024 ** 3 + 16 * taken);
    assert.ok(maxCopyBytes(checked) < 3 * 1024 ** 3);
  }));
