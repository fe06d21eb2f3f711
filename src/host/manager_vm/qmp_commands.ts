/**
 * What the host has QEMU do, in its own words.
 *
 * @module
 */

import { CONSOLE_ID, DISK_BUS } from "./qemu_arguments.ts";
import type { QmpClient } from "./qmp.ts";
import type { BlockDevice } from "./qmp_schema.ts";

/** Ends QEMU at once. */
export async function quit(qmp: QmpClient): Promise<void> {
  await qmp.execute("quit", {});
}

/** Presses the power button. */
export async function powerDown(qmp: QmpClient): Promise<void> {
  await qmp.execute("system_powerdown", {});
}

/** Tells whether the guest runs, is paused, or has shut down. */
export async function queryStatus(qmp: QmpClient): Promise<string> {
  return (await qmp.execute("query-status", {})).status;
}

/** Whether the guest runs under KVM. */
export async function queryKvm(qmp: QmpClient): Promise<boolean> {
  return (await qmp.execute("query-kvm", {})).enabled;
}

/** The CPU features that a guest of this accelerator may use. */
export async function queryHostCpuFeatures(
  qmp: QmpClient,
): Promise<ReadonlySet<string>> {
  const { model } = await qmp.execute("query-cpu-model-expansion", {
    type: "full",
    model: { name: "host" },
  });
  const features = Object.entries(model.props)
    .filter(([, value]) => value === true)
    .map(([name]) => name);
  return new Set(features);
}

/** The block devices of the guest. */
export async function queryBlock(qmp: QmpClient): Promise<BlockDevice[]> {
  return await qmp.execute("query-block", {});
}

/** The names of the block nodes, used by a device or not. */
export async function queryBlockNodes(qmp: QmpClient): Promise<string[]> {
  const nodes = await qmp.execute("query-named-block-nodes", { flat: true });
  return nodes.map((node) => node["node-name"]);
}

/** Opens a file of the host as a block node. */
export async function addBlockNode(
  qmp: QmpClient,
  node: { name: string; path: string; readOnly: boolean },
): Promise<void> {
  await qmp.execute("blockdev-add", {
    driver: "raw",
    "node-name": node.name,
    "read-only": node.readOnly,
    discard: "unmap",
    cache: { "no-flush": true },
    file: {
      driver: "file",
      filename: node.path,
      "read-only": node.readOnly,
      discard: "unmap",
      cache: { "no-flush": true },
    },
  });
}

export async function removeBlockNode(
  qmp: QmpClient,
  name: string,
): Promise<void> {
  await qmp.execute("blockdev-del", { "node-name": name });
}

/** Plugs a SCSI disk into the guest. */
export async function addDisk(
  qmp: QmpClient,
  disk: { id: string; node: string; serial: string },
): Promise<void> {
  await qmp.execute("device_add", {
    driver: "scsi-hd",
    id: disk.id,
    drive: disk.node,
    bus: DISK_BUS,
    serial: disk.serial,
    // The guest names the disk after it; of the serial it would get 20 bytes.
    device_id: disk.serial,
  });
}

/** Pulls a device out of the guest, and waits until it is gone. */
export async function removeDevice(qmp: QmpClient, id: string): Promise<void> {
  await qmp.execute("device_del", { id });
  await qmp.takeEvent("DEVICE_DELETED", ({ device }) => device === id);
}

/** Takes what the guest has written to its console since the last time. */
export async function readRingBuffer(
  qmp: QmpClient,
  size: number,
): Promise<Uint8Array> {
  const text = await qmp.execute("ringbuf-read", {
    device: CONSOLE_ID,
    size,
    format: "base64",
  });
  return Uint8Array.fromBase64(text);
}
