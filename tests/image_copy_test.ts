/**
 * What is in the manager's cache under an image's digest is that image, whole:
 * whoever stops a build or writes to the image while it is copied.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sourceFiles } from "../subplot/repository.ts";
import { type Built, managerProcess, Project, tinySpec } from "./project.ts";

const MEBIBYTE = 1024 ** 2;

/** More than the tiny worker holds, so that it shows where it is missing. */
const PADDING_BYTES = 32 * MEBIBYTE;

/** How much the manager has read when the test steps in. */
const BEGUN_BYTES = 24 * MEBIBYTE;

Deno.test("an image in the cache is whole", async (t) => {
  await using project = await Project.create();
  await project.write("src/input", "any");
  await writePaddedImage(project);
  const spec = tinySpec("cp input output").replace("tiny.img", "padded.img");
  await project.write("build.yaml", spec);
  assert.equal((await project.run(["manager", "start"])).code, 0);
  const before = await cachedBytes(project);

  await t.step("not kept when it changes while it is copied", async () => {
    const size = (await Deno.stat(project.path("padded.img"))).size;
    const { code, events } = await whileCopied(
      project,
      () => project.append("padded.img", new Uint8Array(512)),
    );
    assert.equal(code, 2);
    const end = events.at(-1)!;
    assert.ok(end.type === "end" && end.error?.code === "image-changed");
    await Deno.truncate(project.path("padded.img"), size);
    assert.equal(await cachedBytes(project), before);
  });
  await t.step("not kept when its build is killed", async () => {
    const { signal } = await whileCopied(
      project,
      (process) => process.kill("SIGKILL"),
    );
    assert.equal(signal, "SIGKILL");
    // It pulls the killed build's disk.
    const { code, events } = await project.build();
    assert.equal(code, 0, JSON.stringify(events.at(-1)));
    assert.equal(imageOutcome({ events }), "done");
    assert.ok(await cachedBytes(project) >= before + PADDING_BYTES);
  });
  await t.step("kept when nothing is amiss", async () => {
    const { code, events } = await project.build();
    assert.equal(code, 0, JSON.stringify(events.at(-1)));
    assert.equal(imageOutcome({ events }), "reused");
  });
});

/** The tiny worker's image with bytes behind it that cannot be left out. */
async function writePaddedImage(project: Project): Promise<void> {
  const path = project.path("padded.img");
  await Deno.copyFile(sourceFiles.get("tiny.img")!, path);
  for (let written = 0; written < PADDING_BYTES; written += MEBIBYTE) {
    const padding = new Uint8Array(MEBIBYTE);
    for (let offset = 0; offset < MEBIBYTE; offset += 65536) {
      crypto.getRandomValues(padding.subarray(offset, offset + 65536));
    }
    await project.append("padded.img", padding);
  }
}

/** Builds, and does something in the middle of the image's copy. */
async function whileCopied(
  project: Project,
  act: (process: Deno.ChildProcess) => void | Promise<void>,
): Promise<Built> {
  let acted: Promise<void> | undefined;
  const built = await project.build((event, process) => {
    if (event.type === "phase-start" && event.phase === "image") {
      acted = untilCopyGrows(project).then(() => act(process));
    }
  });
  await acted;
  return built;
}

/** Waits until the manager has read a part of the image. */
async function untilCopyGrows(project: Project): Promise<void> {
  const before = await readByManager(project);
  const deadline = Date.now() + 120_000;
  while (await readByManager(project) < before + BEGUN_BYTES) {
    assert.ok(Date.now() < deadline, "the copy does not begin");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Bytes that the manager's QEMU has read of all its files: proc_pid_io(5). */
async function readByManager(project: Project): Promise<number> {
  const pid = managerProcess(project.environment);
  const text = await Deno.readTextFile(`/proc/${pid}/io`);
  return Number(/^rchar: ([0-9]+)$/m.exec(text)![1]);
}

/** What the images in the manager's cache take. */
async function cachedBytes(project: Project): Promise<number> {
  const { code, stdout, stderr } = await project.run([
    "manager",
    "status",
    "--json",
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).caches.images.bytes;
}

function imageOutcome({ events }: Pick<Built, "events">): string | undefined {
  const end = events.find((event) =>
    event.type === "phase-end" && event.phase === "image"
  );
  return end?.type === "phase-end" ? end.outcome : undefined;
}
