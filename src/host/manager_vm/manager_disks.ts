import { createHash } from "node:crypto";
import { EnvironmentError } from "../../shared/errors.ts";
import { buildIdSchema, diskSerialSchema } from "../../shared/rpc/protocol.ts";
import { QmpClient, QmpCommandError } from "./qmp.ts";
import {
  addBlockNode,
  addDisk,
  queryBlock,
  queryBlockNodes,
  removeBlockNode,
  removeDevice,
} from "./qmp_commands.ts";

const NODE_PREFIX = "disk-";

/** A file of the host that a build hands to the manager as a disk. */
export interface DiskSettings {
  /** The build it belongs to; its staging directory is open. */
  readonly build: string;
  /** How the manager finds it. */
  readonly serial: string;
  readonly path: string;
  readonly readOnly: boolean;
}

/** A disk of a build that is plugged into the manager. */
export interface AttachedDisk {
  readonly build: string;
  readonly serial: string;
  readonly readOnly: boolean;
}

/**
 * Plugs a file into the manager as raw bytes, whatever is in it: QEMU on the
 * host never interprets an image format.
 */
export async function attachDisk(
  qmp: QmpClient,
  disk: DiskSettings,
): Promise<void> {
  const id = deviceId(disk);
  const node = nodeName(disk.serial);
  try {
    await addBlockNode(qmp, { name: node, ...disk });
    try {
      await addDisk(qmp, { id, node, serial: disk.serial });
    } catch (error) {
      await removeBlockNode(qmp, node).catch(() => {});
      throw error;
    }
  } catch (error) {
    if (!(error instanceof QmpCommandError)) throw error;
    throw new EnvironmentError(
      "disk-attach-failed",
      `Cannot hand "${disk.path}" to the manager: ${error.message}`,
      { cause: error },
    );
  }
}

/** Pulls a disk out of the manager; does nothing if it is not there. */
export async function detachDisk(
  qmp: QmpClient,
  serial: string,
): Promise<void> {
  for (const disk of await listDisks(qmp)) {
    if (disk.serial === serial) await pull(qmp, disk);
  }
}

/** The disks of all builds. */
export async function listDisks(qmp: QmpClient): Promise<AttachedDisk[]> {
  const disks: AttachedDisk[] = [];
  for (const { qdev, inserted } of await queryBlock(qmp)) {
    const id = parseDeviceId(qdev ?? "");
    if (id !== undefined) disks.push({ ...id, readOnly: inserted?.ro ?? true });
  }
  return disks;
}

/**
 * Pulls the disks that nobody needs any more, and closes files that were
 * opened for a disk which then was not plugged in.
 *
 * @returns the disks that were pulled
 */
export async function detachStaleDisks(
  qmp: QmpClient,
  isLiving: (build: string) => Promise<boolean>,
): Promise<AttachedDisk[]> {
  const kept = new Set<string>();
  const pulled: AttachedDisk[] = [];
  for (const disk of await listDisks(qmp)) {
    if (await isLiving(disk.build)) {
      kept.add(nodeName(disk.serial));
    } else {
      await pull(qmp, disk);
      pulled.push(disk);
    }
  }
  for (const node of await queryBlockNodes(qmp)) {
    if (node.startsWith(NODE_PREFIX) && !kept.has(node)) {
      await removeBlockNode(qmp, node);
    }
  }
  return pulled;
}

async function pull(qmp: QmpClient, disk: AttachedDisk): Promise<void> {
  await removeDevice(qmp, deviceId(disk));
  await removeBlockNode(qmp, nodeName(disk.serial));
}

/** Names the build, too, so that QEMU alone knows whose disk it is. */
function deviceId(disk: Pick<AttachedDisk, "build" | "serial">): string {
  const build = buildIdSchema.parse(disk.build);
  return `disk.${diskSerialSchema.parse(disk.serial)}.${build}`;
}

function parseDeviceId(
  id: string,
): { build: string; serial: string } | undefined {
  const [kind, serial, build, ...rest] = id.split(".");
  if (kind !== "disk" || rest.length > 0) return undefined;
  const parsed = {
    serial: diskSerialSchema.safeParse(serial),
    build: buildIdSchema.safeParse(build),
  };
  if (!parsed.serial.success || !parsed.build.success) return undefined;
  return { serial: parsed.serial.data, build: parsed.build.data };
}

/** QEMU takes 31 bytes for the name of a node, so less than a serial. */
function nodeName(serial: string): string {
  const digest = createHash("sha256").update(serial).digest("hex");
  return NODE_PREFIX + digest.slice(0, 24);
}
