/**
 * A worker that packs its own archive onto the disk, in place of the one that it
 * was asked for: the host takes none of these, and the workspace stays as it
 * was.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename } from "node:path";
import {
  directory,
  end,
  file,
  join,
  member,
  pax,
  symlink,
} from "../../src/guest/testing/archive.ts";
import type { LimitName } from "../../src/shared/rpc/verdict.ts";
import { FakeInternet } from "../harness/fake_internet.ts";
import { Project } from "../project.ts";
import { fingerprint } from "../harness/fingerprint.ts";
import { assertSuccess, explain, type Result, run } from "./attack.ts";
import { writeExport } from "./root_commands.ts";

/**
 * Writes the attacker's archive onto the disk, then leads the one that
 * the worker packs to nowhere.
 */
const takeDisk = `${writeExport("archive")}
rm $disk
ln -s /dev/null $disk`;

/** A qcow2 header, version 2, whose backing file is the host's own. */
function qcow2Over(path: string): Uint8Array {
  const bytes = new Uint8Array(64 * 1024);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x514649fb);
  view.setUint32(4, 2);
  view.setBigUint64(8, 72n);
  view.setUint32(16, path.length);
  view.setUint32(20, 16);
  view.setBigUint64(24, 1024n ** 2n);
  bytes.set(new TextEncoder().encode(path), 72);
  return bytes;
}

interface HostileArchive {
  name: string;
  archive: Uint8Array;
  code: "refused" | "too-large" | "archive-damaged";
  limit?: LimitName;
}

const exitCodes = { refused: 1, "archive-damaged": 3, "too-large": 4 } as const;

const deep = Array(129).fill("d").join("/");

/** @param outside a directory beside the project's, with a file `canary` */
function hostileArchives(outside: string): HostileArchive[] {
  const climbing = `../../${basename(outside)}`;
  return [
    {
      name: "an absolute path",
      archive: file(`${outside}/evil`),
      code: "refused",
    },
    {
      name: "a path that climbs to a file of the host",
      archive: file(`${climbing}/canary`),
      code: "refused",
    },
    {
      name: "a device",
      archive: member({ name: "evil", type: "4", size: 0 }),
      code: "refused",
    },
    {
      name: "a hard link to a file of the host",
      archive: member({
        ...{ name: "evil", type: "1", size: 0 },
        link: `${outside}/canary`,
      }),
      code: "refused",
    },
    {
      name: "a file behind a link that leads out",
      archive: join(symlink("out", outside), file("out/evil")),
      code: "refused",
    },
    {
      name: "a disk image with a backing file",
      archive: qcow2Over(`${outside}/canary`),
      code: "archive-damaged",
    },
    {
      name: "too deep a tree",
      archive: join(pax({ path: `${deep}/f` }), file("f")),
      code: "too-large",
      limit: "workspace.depth",
    },
    {
      name: "too long a path",
      archive: join(
        pax({ path: Array(21).fill("p".repeat(200)).join("/") }),
        file("f"),
      ),
      code: "too-large",
      limit: "workspace.path",
    },
    {
      name: "more bytes than there is disk",
      archive: member({ name: "huge", size: 2 ** 33 }, ""),
      code: "too-large",
      limit: "workspace.bytes",
    },
  ];
}

Deno.test("the host takes no hostile archive, and keeps all files", async (t) => {
  await using internet = new FakeInternet();
  await using outside = await Project.create();
  await using project = await Project.create();
  await outside.write("canary", "of the host\n");
  await project.write("secret", "beside the workspace\n");
  const pack = (archive: Uint8Array): Promise<Result> =>
    run(project, internet, {
      allow: [],
      files: { archive: join(archive, end()), "take.sh": takeDisk },
      script: "sudo sh take.sh",
    });

  await t.step("the control: a harmless archive arrives", async () => {
    assertSuccess(
      await pack(join(directory("src"), file("src/good", "packed by hand\n"))),
    );
    assert.equal(await project.read("ws/src/good"), "packed by hand\n");
  });

  for (
    const { name, archive, code, limit } of hostileArchives(outside.directory)
  ) {
    await t.step(`refused: ${name}`, async () => {
      await project.write("src/archive", join(archive, end()));
      const before = await fingerprint(outside.directory, project.directory);
      const result = await pack(archive);
      const said = explain(result);
      assert.equal(result.report.error?.code, `workspace-${code}`, said);
      assert.equal(result.code, exitCodes[code], said);
      assert.equal(result.report.workspace.exported, false, said);
      const [record] = result.report.violations.limits;
      assert.equal(record?.limit, limit, said);
      if (record) assert.ok(record.measured > record.allowed, said);
      assert.deepEqual(
        await fingerprint(outside.directory, project.directory),
        before,
      );
    });
  }
});
