/**
 * Worker images that lead to other files of the host: refused before anything
 * is started. One that does not is taken. One that grows when it is unpacked is
 * refused by the manager, which keeps what it has.
 *
 * @module
 */

import assert from "node:assert/strict";
import { packedImage } from "../../src/host/testing/packed_image.ts";
import { Project, tinySpec } from "../project.ts";

/** Runs qemu-img in the project's directory. */
async function qemuImg(project: Project, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("qemu-img", {
    args,
    cwd: project.directory,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

interface HostileImage {
  name: string;
  code?: string;
  create(project: Project): Promise<void>;
}

const hostile: HostileImage[] = [
  {
    name: "a backing file of the host",
    create: (project) =>
      qemuImg(
        project,
        ...["create", "-q", "-u", "-f", "qcow2", "-F", "raw"],
        ...["-b", "/etc/passwd", "evil.img", "1M"],
      ),
  },
  {
    name: "a backing file over the network",
    create: (project) =>
      qemuImg(
        project,
        ...["create", "-q", "-u", "-f", "qcow2", "-F", "raw"],
        ...["-b", "nbd://127.0.0.1:10809/x", "evil.img", "1M"],
      ),
  },
  {
    name: "a data file of the host",
    create: async (project) => {
      await qemuImg(
        project,
        ...["create", "-q", "-f", "qcow2", "-o", "data_file=data"],
        ...["evil.img", "1M"],
      );
    },
  },
  {
    name: "another format than raw or qcow2",
    code: "image-format",
    create: (project) =>
      qemuImg(project, "create", "-q", "-f", "vmdk", "evil.img", "1M"),
  },
];

Deno.test("a worker image in a format that is allowed builds", async () => {
  await using project = await Project.create();
  const convert = ["convert", "-f", "raw", "-O", "qcow2"];
  await qemuImg(project, ...convert, "tiny.img", "good.img");
  const spec = tinySpec("echo built >result").replace("tiny.img", "good.img");
  await project.write("build.yaml", spec);
  const { code, events } = await project.build();
  assert.equal(code, 0, JSON.stringify(events.at(-1)));
  assert.equal(await project.read("ws/src/result"), "built\n");
});

for (const { name, code = "image-refused", create } of hostile) {
  Deno.test(`refused: a worker image with ${name}`, async () => {
    await using project = await Project.create();
    await create(project);
    const spec = tinySpec("true").replace("tiny.img", "evil.img");
    await project.write("build.yaml", spec);
    const before = await project.list();
    const built = await project.build();
    const { events } = built;
    assert.equal(built.code, 2, JSON.stringify(events));
    const [error] = events;
    assert.equal(error?.type === "error" && error.code, code);
    assert.deepEqual(await project.list(), before);
  });
}

Deno.test("refused: a worker image that is small, and large once unpacked", async () => {
  await using project = await Project.create();
  await project.write("good.yaml", tinySpec("true"));
  // It takes far more than the manager has room for, on a disk of 20 GiB.
  for (const [name, gibibytes] of [["evil", 6], ["worse", 100]] as const) {
    await project.write(`${name}.img`, packedImage(gibibytes * 1024 ** 3));
    const spec = tinySpec("true").replace("tiny.img", `${name}.img`);
    await project.write(`${name}.yaml`, spec);
  }
  const image = async (spec: string) => {
    const { code, events } = await project.build(() => {}, [spec]);
    const end = events.at(-1);
    const error = end?.type === "end" ? end.error?.code : end?.type;
    const phase = events.find((event) =>
      event.type === "phase-end" && event.phase === "image"
    );
    return [code, error, phase?.type === "phase-end" && phase.outcome];
  };
  const [code] = await image("good.yaml");
  assert.equal(code, 0);
  for (const spec of ["evil.yaml", "worse.yaml"]) {
    assert.deepEqual(await image(spec), [2, "image-too-large", "failed"]);
  }
  // The control: the cache is as it was.
  assert.deepEqual(await image("good.yaml"), [0, undefined, "reused"]);
});
