/**
 * The hello example without Contractor: the same worker image booted directly
 * in one QEMU with the same accelerator, the same commands, tar in and tar out.
 *
 * @module
 */

import { dirname } from "node:path";
import { EXPORT_GRANULE } from "../src/shared/rpc/protocol.ts";
import { contractor, runCommand } from "./contractor_command.ts";
import { ReferenceMachine } from "./reference_machine.ts";
import { type Figure, seconds, spread } from "./table.ts";

/** The playbook takes minutes, so it runs once. */
const WARM_BUILDS = 2;

/** Room for what the build makes. */
const EXPORT_BYTES = 1024 ** 3;

async function makeOverlay(base: string, overlay: string): Promise<void> {
  await runCommand("qemu-img", [
    ...["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, overlay],
  ]);
}

/** Runs the playbook; returns how long the machine took to boot. */
async function prepare(
  folder: string,
  root: string,
  plays: unknown,
): Promise<number> {
  const machine = await ReferenceMachine.boot({
    folder,
    root,
    network: true,
  });
  await machine.run({
    kind: "prepare",
    playbook: JSON.stringify(plays),
    refreshPackageLists: true,
  });
  await machine.poweroff();
  return machine.bootSeconds;
}

/** Builds; returns how long the machine took to boot. */
async function build(
  folder: string,
  root: string,
  source: string,
  script: string,
): Promise<number> {
  const disk = `${folder}/trees.tar`;
  await runCommand("tar", [
    ...["-C", source, "--exclude=./ws", "--exclude=./worker.img"],
    ...["--transform=s,^\\.,src,", "-cf", disk, "."],
  ]);
  const archive = (await Deno.stat(disk)).size;
  const offset = Math.ceil(archive / EXPORT_GRANULE) * EXPORT_GRANULE;
  await Deno.truncate(disk, offset + EXPORT_BYTES);
  const machine = await ReferenceMachine.boot({
    folder,
    root,
    trees: disk,
    network: false,
  });
  await machine.run({ kind: "source-in", bytes: offset });
  await machine.run({ kind: "build", script });
  await machine.run({ kind: "workspace-out", offset });
  await machine.poweroff();
  const workspace = `${folder}/ws`;
  await Deno.mkdir(workspace);
  await runCommand("sh", [
    ...["-c", 'tail -c "+$1" "$2" | tar -C "$3" -x', "sh"],
    ...[`${offset + 1}`, disk, workspace],
  ]);
  await Deno.stat(`${workspace}/src/hello`);
  await Deno.remove(workspace, { recursive: true });
  return machine.bootSeconds;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Measures the reference: the boot, the playbook and the build. */
export async function measureReference(spec: string): Promise<Figure[]> {
  const data = JSON.parse((await contractor("dump", spec)).stdout);
  const source = dirname(spec);
  const image = await Deno.realPath(`${source}/${data["worker-image"]}`);
  const folder = await Deno.makeTempDir({ prefix: "reference-" });
  const boots: number[] = [];
  try {
    const prepared = `${folder}/prepared.qcow2`;
    const root = `${folder}/root.qcow2`;
    const prepareSeconds = await timed(async () => {
      await makeOverlay(image, prepared);
      boots.push(await prepare(folder, prepared, data.ansible));
    });
    const builds: number[] = [];
    for (let n = 0; n < WARM_BUILDS; n++) {
      builds.push(
        await timed(async () => {
          await makeOverlay(prepared, root);
          boots.push(await build(folder, root, source, data.build));
        }),
      );
    }
    return [
      { name: "reference, boot: one QEMU", value: spread(boots) },
      {
        name: "reference, cold: one QEMU, with the playbook",
        value: seconds(prepareSeconds + builds[0]!),
      },
      {
        name: "reference, warm: one QEMU, playbook done",
        value: spread(builds),
      },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
