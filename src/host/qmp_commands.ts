import { z } from "zod";
import type { QmpClient } from "./qmp.ts";

const nothingSchema = z.object({});

const blockDeviceSchema = z.object({
  /** Identifier of the device, as given when it was added. */
  qdev: z.string().max(1000).optional(),
  inserted: z.object({
    "node-name": z.string().max(100).optional(),
    ro: z.boolean(),
    drv: z.string().max(100),
    file: z.string().max(10_000),
  }).optional(),
});
export type BlockDevice = z.infer<typeof blockDeviceSchema>;

/** Ends QEMU at once. */
export async function quit(qmp: QmpClient): Promise<void> {
  await qmp.execute("quit", {}, nothingSchema);
}

/** Presses the power button. */
export async function powerDown(qmp: QmpClient): Promise<void> {
  await qmp.execute("system_powerdown", {}, nothingSchema);
}

/** Tells whether the guest runs, is paused, or has shut down. */
export async function queryStatus(qmp: QmpClient): Promise<string> {
  const schema = z.object({ status: z.string().max(100) });
  return (await qmp.execute("query-status", {}, schema)).status;
}

/** Whether the guest runs under KVM. */
export async function queryKvm(qmp: QmpClient): Promise<boolean> {
  const schema = z.object({ enabled: z.boolean() });
  return (await qmp.execute("query-kvm", {}, schema)).enabled;
}

/** The CPU features that a guest of this accelerator may use. */
export async function queryHostCpuFeatures(
  qmp: QmpClient,
): Promise<ReadonlySet<string>> {
  const schema = z.object({
    model: z.object({ props: z.record(z.string(), z.unknown()) }),
  });
  const { model } = await qmp.execute("query-cpu-model-expansion", {
    type: "full",
    model: { name: "host" },
  }, schema);
  const features = Object.entries(model.props)
    .filter(([, value]) => value === true)
    .map(([name]) => name);
  return new Set(features);
}

/** The block devices of the guest. */
export async function queryBlock(qmp: QmpClient): Promise<BlockDevice[]> {
  return await qmp.execute("query-block", {}, z.array(blockDeviceSchema));
}

/** The names of the block nodes, used by a device or not. */
export async function queryBlockNodes(qmp: QmpClient): Promise<string[]> {
  const schema = z.array(z.object({ "node-name": z.string().max(100) }));
  const nodes = await qmp.execute(
    "query-named-block-nodes",
    { flat: true },
    schema,
  );
  return nodes.map((node) => node["node-name"]);
}

/** Opens a file of the host as a block node, always as raw bytes. */
export async function addBlockNode(
  qmp: QmpClient,
  node: { name: string; path: string; readOnly: boolean },
): Promise<void> {
  await qmp.execute("blockdev-add", {
    driver: "raw",
    "node-name": node.name,
    "read-only": node.readOnly,
    discard: "unmap",
    // Nothing on these disks outlives the build: its end is the only flush.
    cache: { "no-flush": true },
    file: {
      driver: "file",
      filename: node.path,
      "read-only": node.readOnly,
      discard: "unmap",
      cache: { "no-flush": true },
    },
  }, nothingSchema);
}

export async function removeBlockNode(
  qmp: QmpClient,
  name: string,
): Promise<void> {
  await qmp.execute("blockdev-del", { "node-name": name }, nothingSchema);
}

/** Plugs a SCSI disk into the guest. */
export async function addDisk(
  qmp: QmpClient,
  disk: { id: string; node: string; bus: string; serial: string },
): Promise<void> {
  await qmp.execute("device_add", {
    driver: "scsi-hd",
    id: disk.id,
    drive: disk.node,
    bus: disk.bus,
    serial: disk.serial,
    // The guest names the disk after it; of the serial it would get 20 bytes.
    device_id: disk.serial,
  }, nothingSchema);
}

/** Pulls a device out of the guest, and waits until it is gone. */
export async function removeDevice(qmp: QmpClient, id: string): Promise<void> {
  await qmp.execute("device_del", { id }, nothingSchema);
  const isOurs = z.object({ device: z.literal(id) });
  await qmp.takeEvent(
    "DEVICE_DELETED",
    (data) => isOurs.safeParse(data).success,
  );
}

/** Takes what the guest has written to a ring buffer since the last time. */
export async function readRingBuffer(
  qmp: QmpClient,
  device: string,
  size: number,
): Promise<Uint8Array> {
  const text = await qmp.execute("ringbuf-read", {
    device,
    size,
    format: "base64",
  }, z.string().max(size * 2));
  return Uint8Array.fromBase64(text);
}
