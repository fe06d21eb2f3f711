/**
 * What the manager keeps on its data disk from one start to the next is what it
 * put there, or it is not used: whatever was done to the disk meanwhile.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sourceFiles } from "../subplot/repository.ts";
import { type Built, logOf, Project, tinySpec } from "./project.ts";

const BLOCK_BYTES = 4096;

/** How much the tiny worker's image is filled up to, before the marker. */
const MARKER_OFFSET = 300 * 1024 ** 2;

Deno.test("a changed data disk changes no build", async (t) => {
  await using project = await Project.createWithOwnManager(
    "{ ready-workers: 0 }",
  );
  const marker = `marker ${crypto.randomUUID()}`;
  await project.write("src/input", "any");
  await writeImage(project, marker);
  const skip = MARKER_OFFSET / BLOCK_BYTES;
  await project.write(
    "build.yaml",
    tinySpec(
      `sudo dd if=/dev/vda bs=${BLOCK_BYTES} skip=${skip} count=1 >output`,
    ).replace("tiny.img", "marked.img"),
  );

  await t.step("an unchanged one is used", async () => {
    assert.equal(imageOutcome(await succeeds(project)), "done");
    await project.stopManager();
    assert.equal(imageOutcome(await succeeds(project)), "reused");
    assert.ok((await project.read("ws/src/output")).startsWith(marker));
  });
  await t.step("a changed image is found out when it is read", async () => {
    // By force, what was written in the last seconds would be lost.
    const { code: stopped } = await project.run(["manager", "stop"]);
    assert.equal(stopped, 0);
    await overwrite(project, marker, "forged");
    const { code, events } = await project.build();
    assert.equal(code, 1, logOf(events) + JSON.stringify(events.at(-1)));
    assert.match(logOf(events), /(I\/O|Input\/output) error/);
    assert.equal(await project.read("ws/src/output"), "");
  });
  await t.step("an image that the host does not know is not used", async () => {
    await project.stopManager();
    const seals = project.path("state/contractor/cache/seals");
    assert.equal((await Array.fromAsync(Deno.readDir(seals))).length, 1);
    await Deno.remove(`${seals}/${await imageDigest(project)}`);
    assert.equal(imageOutcome(await succeeds(project)), "done");
    assert.ok((await project.read("ws/src/output")).startsWith(marker));
  });
});

async function succeeds(project: Project): Promise<Built> {
  const built = await project.build();
  assert.equal(built.code, 0, JSON.stringify(built.events.at(-1)));
  return built;
}

/** The tiny worker's image, with a block of text where nothing else is. */
async function writeImage(project: Project, marker: string): Promise<void> {
  const path = project.path("marked.img");
  await Deno.copyFile(sourceFiles.get("tiny.img")!, path);
  assert.ok((await Deno.stat(path)).size <= MARKER_OFFSET);
  await Deno.truncate(path, MARKER_OFFSET);
  await project.append(
    "marked.img",
    new TextEncoder().encode(marker.padEnd(BLOCK_BYTES, "\n")),
  );
}

async function imageDigest(project: Project): Promise<string> {
  const image = await Deno.readFile(project.path("marked.img"));
  return createHash("sha256").update(image).digest("hex");
}

/** Finds a text in the image that the manager keeps, and puts another there. */
async function overwrite(
  project: Project,
  from: string,
  to: string,
): Promise<void> {
  const disk = project.path("state/contractor/manager/data.img");
  const name = `/images/${await imageDigest(project)}.qcow2`;
  // What was written last may be in the journal of the file system alone.
  await debugfs("-w", "-R", "journal_run", disk);
  const blocks = (await debugfs("-R", `blocks ${name}`, disk)).trim()
    .split(/\s+/);
  assert.ok(blocks.length > 1000, `${blocks.length} blocks of ${name}`);
  using file = await Deno.open(disk, { read: true, write: true });
  const block = new Uint8Array(BLOCK_BYTES);
  for (const number of blocks) {
    await file.seek(Number(number) * BLOCK_BYTES, Deno.SeekMode.Start);
    await file.read(block);
    if (!new TextDecoder("latin1").decode(block).startsWith(from)) continue;
    await file.seek(Number(number) * BLOCK_BYTES, Deno.SeekMode.Start);
    await file.write(new TextEncoder().encode(to));
    return;
  }
  assert.fail(`no block of ${name} has "${from}"`);
}

async function debugfs(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(
    "/usr/sbin/debugfs",
    { args },
  ).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

function imageOutcome({ events }: Built): string | undefined {
  const end = events.find((event) =>
    event.type === "phase-end" && event.phase === "image"
  );
  return end?.type === "phase-end" ? end.outcome : undefined;
}
