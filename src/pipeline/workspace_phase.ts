import type { PackedTrees } from "../guest/packer.ts";
import { unpackedPath } from "../guest/trees/replace_workspace.ts";
import { TREE_LIMITS } from "../guest/trees/tree_limits.ts";
import type { BootedWorker } from "./boot_phase.ts";
import { exportNotes } from "./export_notes.ts";
import type { PhaseContext, PhaseResult } from "./phase.ts";
import type { TreesDisk } from "./trees_disk.ts";
import { runOwnStep } from "./worker_steps.ts";

/**
 * Takes the workspace out of the worker, and ends that. Only then, and if
 * nothing was found against the build, is the earlier workspace replaced.
 */
export async function takeWorkspaceOut(
  context: PhaseContext,
  { worker, packed }: BootedWorker,
  disk: TreesDisk,
): Promise<PhaseResult<void>> {
  await runOwnStep(
    context,
    worker,
    { kind: "workspace-out", offset: packed.exportOffset },
    () => requireExportRoom(context, packed, disk),
  );
  await context.workers.destroy();
  await disk.detach();
  await context.judge.requireInnocence();
  await replaceWorkspace(context, packed, disk);
  return { outcome: "done", value: undefined };
}

/** A worker that fails to pack its workspace may have filled the disk. */
async function requireExportRoom(
  { job, ports }: PhaseContext,
  { exportOffset, allocatedBytes }: PackedTrees,
  disk: TreesDisk,
): Promise<void> {
  await ports.trees.requireExportRoom({
    disk: disk.path,
    packed: { exportOffset, allocatedBytes },
    allowed: job.project.spec.resources.diskBytes,
  });
}

/**
 * Replaces the workspace on the host by what the worker exported: the part
 * that reads the archive has no more to do with it when links are made.
 */
async function replaceWorkspace(
  { job, ports, interruption, record, note }: PhaseContext,
  { exportOffset, manifest }: PackedTrees,
  disk: TreesDisk,
): Promise<void> {
  const { id: build, project } = job;
  const { paths, resources } = project.spec;
  const { workspace } = paths;
  const keep = project.keepAutorun;
  const limits = { ...TREE_LIMITS, bytes: resources.diskBytes };
  const unpacked = await ports.trees.unpack({
    disk: disk.path,
    offset: exportOffset,
    destination: unpackedPath(workspace, build),
    limits,
    keep,
  }, interruption);
  const tree = await ports.trees.keep({
    workspace,
    build,
    limits,
    keep,
    unpacked,
    manifest,
  }, interruption);
  record({ type: "exported", tree });
  for (const message of exportNotes(tree)) note(message);
  if (tree.kept !== undefined) note(tree.kept, { always: true });
}
