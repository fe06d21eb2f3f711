/**
 * Every command that the host sends to QEMU, with all that it may say. QEMU
 * runs as the user and does what its monitor is told: it opens any file,
 * connects anywhere, and moves a machine to wherever. None of that is here, so
 * a mistake elsewhere in the program cannot ask for it.
 *
 * @module
 */

import { z } from "zod";
import { diskSerialSchema } from "../../shared/rpc/protocol.ts";
import { CONSOLE_BYTES, CONSOLE_ID, DISK_BUS } from "./qemu_arguments.ts";

const nothing = z.strictObject({});

/** QEMU's answer to what it has only to do. */
const done = z.object({});

const nodeName = z.string().regex(/^disk-[0-9a-f]{24}$/);

/** Names serial number and build of a disk. */
const deviceId = z.string().regex(/^disk\.[a-z0-9-]{1,32}\.[a-z0-9-]{1,40}$/);

/** Nothing on the disks of a build outlives it: its end is the only flush. */
const noFlush = z.strictObject({ "no-flush": z.literal(true) });

/** An absolute path is no name of a protocol, whatever is in it. */
const filename = z.string().regex(/^\/[^\0]*$/);

const blockDevice = z.object({
  /** Identifier of the device, as given when it was added. */
  qdev: z.string().max(1000).optional(),
  inserted: z.object({
    "node-name": z.string().max(100).optional(),
    ro: z.boolean(),
    drv: z.string().max(100),
    file: z.string().max(10_000),
  }).optional(),
});
export type BlockDevice = z.infer<typeof blockDevice>;

export const qmpSchema = {
  /** Leaves the negotiation that a connection begins with. */
  qmp_capabilities: { parameters: nothing, result: done },
  /** Ends QEMU at once. */
  quit: { parameters: nothing, result: done },
  /** Presses the power button. */
  system_powerdown: { parameters: nothing, result: done },
  "query-status": {
    parameters: nothing,
    result: z.object({ status: z.string().max(100) }),
  },
  "query-kvm": {
    parameters: nothing,
    result: z.object({ enabled: z.boolean() }),
  },
  "query-cpu-model-expansion": {
    parameters: z.strictObject({
      type: z.literal("full"),
      model: z.strictObject({ name: z.literal("host") }),
    }),
    result: z.object({
      model: z.object({ props: z.record(z.string(), z.unknown()) }),
    }),
  },
  "query-block": { parameters: nothing, result: z.array(blockDevice) },
  "query-named-block-nodes": {
    parameters: z.strictObject({ flat: z.literal(true) }),
    result: z.array(z.object({ "node-name": z.string().max(100) })),
  },
  /** Opens a file of the host, always as raw bytes. */
  "blockdev-add": {
    parameters: z.strictObject({
      driver: z.literal("raw"),
      "node-name": nodeName,
      "read-only": z.boolean(),
      discard: z.literal("unmap"),
      cache: noFlush,
      file: z.strictObject({
        driver: z.literal("file"),
        filename,
        "read-only": z.boolean(),
        discard: z.literal("unmap"),
        cache: noFlush,
      }),
    }),
    result: done,
  },
  "blockdev-del": {
    parameters: z.strictObject({ "node-name": nodeName }),
    result: done,
  },
  /** Plugs a SCSI disk into the guest. */
  device_add: {
    parameters: z.strictObject({
      driver: z.literal("scsi-hd"),
      id: deviceId,
      drive: nodeName,
      bus: z.literal(DISK_BUS),
      serial: diskSerialSchema,
      device_id: diskSerialSchema,
    }),
    result: done,
  },
  device_del: { parameters: z.strictObject({ id: deviceId }), result: done },
  /** Takes what the guest has written to its console since the last time. */
  "ringbuf-read": {
    parameters: z.strictObject({
      device: z.literal(CONSOLE_ID),
      size: z.int().min(1).max(CONSOLE_BYTES),
      format: z.literal("base64"),
    }),
    result: z.string().max(2 * CONSOLE_BYTES),
  },
} as const satisfies Record<
  string,
  { parameters: z.ZodType; result: z.ZodType }
>;

/** A command that the host may send. */
export type QmpCommand = keyof typeof qmpSchema;

export type QmpParameters<C extends QmpCommand> = z.input<
  typeof qmpSchema[C]["parameters"]
>;

export type QmpResult<C extends QmpCommand> = z.output<
  typeof qmpSchema[C]["result"]
>;

/** The events that someone waits for; QEMU reports many more. */
export const qmpEvent = z.object({
  event: z.literal("DEVICE_DELETED"),
  data: z.object({ device: z.string().max(1000).optional() }),
});
export type QmpEvent = z.infer<typeof qmpEvent>;
