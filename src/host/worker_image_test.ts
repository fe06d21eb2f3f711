import assert from "node:assert/strict";
import { join } from "node:path";
import {
  checkWorkerImage,
  digestWorkerImage,
  requireUnchangedImage,
} from "./worker_image.ts";

async function inNewDirectory(
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    clearEnv: true,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function writeRawDisk(path: string): Promise<void> {
  const disk = new Uint8Array(2 * 1024 ** 2);
  disk.set([0x55, 0xaa], 510);
  await Deno.writeFile(path, disk);
}

Deno.test("images as qemu-img makes them are told apart", () =>
  inNewDirectory(async (directory) => {
    const at = (name: string) => join(directory, name);
    await writeRawDisk(at("raw"));
    const create = (...args: string[]) => run("qemu-img", "create", ...args);
    const plain = "qcow2";
    await create("-f", plain, at("v3"), "1G");
    await create("-f", plain, "-o", "compat=0.10", at("v2"), "1G");
    await create("-f", plain, "-b", at("raw"), "-F", "raw", at("child"));
    await create("-f", plain, "-o", `data_file=${at("d")}`, at("split"), "1G");
    await create("-f", "vmdk", at("vmdk"), "1G");
    await create("-f", "vdi", at("vdi"), "1G");
    await create("-f", "vhdx", at("vhdx"), "1G");

    const virtualBytes = 1024 ** 3;
    for (const name of ["v2", "v3"]) {
      const image = await checkWorkerImage(at(name));
      assert.equal(image.format, "qcow2");
      assert.equal(image.virtualBytes, virtualBytes);
    }
    assert.equal((await checkWorkerImage(at("raw"))).format, "raw");
    const refusals = [
      ["child", "image-refused", /it has a backing file/],
      ["split", "image-refused", /it has a data file/],
      ["vmdk", "image-format", /VMDK/],
      ["vdi", "image-format", /VDI/],
      ["vhdx", "image-format", /VHDX/],
    ] as const;
    for (const [name, code, message] of refusals) {
      await assert.rejects(checkWorkerImage(at(name)), {
        code,
        message,
        exitCode: 2,
      });
    }
  }));

Deno.test("a raw image may have holes, and takes less for them", () =>
  inNewDirectory(async (directory) => {
    const path = join(directory, "raw");
    await writeRawDisk(path);
    await Deno.truncate(path, 1024 ** 3);
    const image = await checkWorkerImage(path);
    assert.equal(image.fileBytes, 1024 ** 3);
    assert.ok(image.allocatedBytes <= 2 * 1024 ** 2);
    await Deno.truncate(path, 64 * 1024 ** 3 + 512);
    await assert.rejects(checkWorkerImage(path), {
      code: "image-refused",
      message: /it is too large: a file of 68719477248 bytes/,
    });
  }));

Deno.test("what is no readable file is a usage error", () =>
  inNewDirectory(async (directory) => {
    await assert.rejects(checkWorkerImage(join(directory, "none.img")), {
      code: "image-missing",
      exitCode: 2,
    });
    await assert.rejects(checkWorkerImage(directory), {
      code: "image-not-file",
      message: `Cannot use the worker image "${directory}": it is a directory`,
    });
    const fifo = join(directory, "fifo");
    await run("mkfifo", fifo);
    await assert.rejects(checkWorkerImage(fifo), { code: "image-not-file" });
    await Deno.writeTextFile(join(directory, "empty"), "");
    await assert.rejects(checkWorkerImage(join(directory, "empty")), {
      code: "image-refused",
      message: /it is empty/,
    });
  }));

Deno.test("an image that changes after its digest was taken is noticed", () =>
  inNewDirectory(async (directory) => {
    const path = join(directory, "worker.img");
    await writeRawDisk(path);
    const { digest, fingerprint } = await digestWorkerImage(
      path,
      join(directory, "digests.json"),
    );
    assert.match(digest, /^[0-9a-f]{64}$/);
    await requireUnchangedImage(fingerprint);
    await Deno.writeTextFile(path, "x", { append: true });
    await assert.rejects(requireUnchangedImage(fingerprint), {
      code: "image-changed",
    });
  }));
