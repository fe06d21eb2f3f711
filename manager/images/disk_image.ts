/**
 * Examines and converts disk images with `qemu-img`.
 *
 * @module
 */

import { z } from "zod";
import { HEADER_BYTES, parseDiskHeader } from "../../src/shared/disk_format.ts";
import { MAX_DISK_BYTES } from "../../src/shared/limits/disk_size.ts";
import { AgentError } from "../../src/shared/rpc/peer.ts";
import { CommandError } from "../system/commands.ts";
import { confinedImageTool, type ImageTool } from "./image_tool.ts";

/** Formats that a worker image may have. */
export type ImageFormat = "raw" | "qcow2";

const MEBIBYTE = 1024 ** 2;

/** Copying a big image takes a while under emulation. */
const CONVERT_TIMEOUT_SECONDS = 3600;

/** Of an overlay that nobody has written to. */
const MAX_BLANK_BYTES = 64 * MEBIBYTE;

const measureSchema = z.object({ required: z.int().min(0) });

const imageInfoSchema = z.object({
  format: z.string(),
  "virtual-size": z.int().min(0),
  encrypted: z.boolean().optional(),
  "backing-filename": z.string().optional(),
  "full-backing-filename": z.string().optional(),
  "format-specific": z.object({
    data: z.object({
      "data-file": z.string().optional(),
      "data-file-raw": z.boolean().optional(),
      encrypt: z.unknown().optional(),
      corrupt: z.boolean().optional(),
    }).loose().optional(),
  }).loose().optional(),
}).loose();

/** What `qemu-img info` says about an image. */
export type ImageInfo = z.infer<typeof imageInfoSchema>;

/** Why an image must not be used, or undefined if it may be. */
export function imageDefect(
  info: ImageInfo,
  format: ImageFormat,
): string | undefined {
  const specific = info["format-specific"]?.data;
  if (info.format !== format) return `Image is not ${format}`;
  if (
    info["backing-filename"] !== undefined ||
    info["full-backing-filename"] !== undefined
  ) return "Image has a backing file";
  if (
    specific?.["data-file"] !== undefined || specific?.["data-file-raw"]
  ) return "Image has an external data file";
  if (info.encrypted || specific?.encrypt !== undefined) {
    return "Image is encrypted";
  }
  if (specific?.corrupt) return "Image is corrupt";
  if (info["virtual-size"] === 0) return "Image is empty";
  return undefined;
}

/** Parses what `qemu-img info --output=json` prints. */
export function parseImageInfo(output: string): ImageInfo {
  return imageInfoSchema.parse(JSON.parse(output));
}

/** Refuses an image that refers to anything outside of itself. */
export async function checkImage(
  file: string,
  format: ImageFormat,
  tool: ImageTool = confinedImageTool,
): Promise<ImageInfo> {
  const args = ["info", "--output=json", "-f", format, file];
  const output = await orBadImage(tool({ args, reads: [file] }));
  const info = orBadAnswer(() => parseImageInfo(output));
  const defect = imageDefect(info, format);
  if (defect !== undefined) throw new AgentError("bad-image", defect);
  return info;
}

/** Magic number, and where the size is, of a qcow2 image. */
const qcow2 = { magic: 0x514649fb, size: 24, bytes: 32 } as const;

/** Size of a qcow2 image as its guest sees it: what its header says. */
export async function virtualSize(path: string): Promise<number> {
  using file = await Deno.open(path);
  const header = new Uint8Array(qcow2.bytes);
  const length = await file.read(header);
  const view = new DataView(header.buffer);
  const size = Number(view.getBigUint64(qcow2.size));
  const isGood = length === qcow2.bytes &&
    view.getUint32(0) === qcow2.magic && size <= MAX_OVERLAY_BYTES;
  if (!isGood) throw new AgentError("bad-image", "Image is damaged");
  return size;
}

/** How many bytes a copy of the image takes at most, without its holes. */
export async function measureData(
  file: string,
  format: ImageFormat,
  tool: ImageTool = confinedImageTool,
): Promise<number> {
  const args = ["measure", "--output=json", "-O", "qcow2", "-f", format, file];
  const output = await orBadImage(tool({ args, reads: [file] }));
  return orBadAnswer(() => measureSchema.parse(JSON.parse(output)).required);
}

/**
 * Copies an image to a qcow2 file without its holes. A source that is a device
 * must stay there: QEMU reads what is past the end of a file, and so all of a
 * device that has gone, as zeros.
 *
 * @param maxBytes size that the copy may have
 * @throws {AgentError} `image-too-large` if that is not enough, or `bad-image`
 */
export async function copyImage(
  source: string,
  format: ImageFormat,
  target: string,
  maxBytes: number,
  signal: AbortSignal,
  tool: ImageTool = confinedImageTool,
): Promise<void> {
  signal.throwIfAborted();
  await orBadImage(tool({
    args: ["convert", "-f", format, "-O", "qcow2", source, target],
    reads: [source],
    write: { path: target, maxBytes },
    timeoutSeconds: CONVERT_TIMEOUT_SECONDS,
    signal,
  }));
  // An image may have got the better of the program that wrote this.
  await requireSoundHeader(target);
}

async function requireSoundHeader(path: string): Promise<void> {
  using file = await Deno.open(path);
  const header = new Uint8Array(HEADER_BYTES);
  const length = await file.read(header) ?? 0;
  const { size } = await file.stat();
  const found = parseDiskHeader(header.subarray(0, length), size);
  if (found.kind === "qcow2") return;
  throw new AgentError("bad-image", "Cannot read the worker image", {
    detail: found.kind === "refused" ? `Of its copy: ${found.reason}` : "",
  });
}

/**
 * Size of a root disk as its guest sees it. More than what the guest may write,
 * so that one which fills its disk is found out, and does not just see a full
 * disk: the file system's own data, and files deleted and written anew, take
 * space, too.
 */
export function overlaySize(limitBytes: number, imageBytes: number): number {
  const room = Math.ceil(limitBytes * 17 / 16 / MEBIBYTE) * MEBIBYTE;
  return Math.max(room + 64 * MEBIBYTE, imageBytes);
}

/** Of a root disk in which the largest build may write. */
const MAX_OVERLAY_BYTES = overlaySize(MAX_DISK_BYTES, MAX_DISK_BYTES);

/** Creates an overlay over an image, in which a guest may write so much. */
export async function createOverlay(
  overlay: string,
  base: { file: string },
  limitBytes: number,
  tool: ImageTool = confinedImageTool,
): Promise<void> {
  const imageBytes = await virtualSize(base.file);
  const bytes = overlaySize(limitBytes, imageBytes);
  await createOver(base.file, overlay, bytes, tool);
}

/** Creates an overlay over a saved worker's, of the same size. */
export async function createCloneOverlay(
  overlay: string,
  saved: string,
  tool: ImageTool = confinedImageTool,
): Promise<void> {
  await createOver(saved, overlay, await virtualSize(saved), tool);
}

/** Without a look at the base (`-u`): somebody else may have written it. */
async function createOver(
  base: string,
  overlay: string,
  bytes: number,
  tool: ImageTool,
): Promise<void> {
  await tool({
    args: [
      ...["create", "-q", "-f", "qcow2", "-u"],
      ...["-F", "qcow2", "-b", base, overlay, String(bytes)],
    ],
    write: { path: overlay, maxBytes: MAX_BLANK_BYTES },
  });
  // Libvirt gives it to the worker's own user.
  await Deno.chmod(overlay, 0o600);
}

/**
 * Fails if the structure of an overlay that all may read is damaged. Whatever
 * it says that it is over is not looked at.
 */
export async function checkOverlay(
  overlay: string,
  tool: ImageTool = confinedImageTool,
): Promise<void> {
  const alone = JSON.stringify({
    driver: "qcow2",
    file: { driver: "file", filename: overlay },
    backing: null,
  });
  try {
    await tool({
      args: ["check", "-q", `json:${alone}`],
      reads: [overlay],
      timeoutSeconds: 600,
    });
  } catch (error) {
    // Status 3 means leaked clusters: wasted space, no damage.
    if (error instanceof CommandError && error.exitCode === 3) return;
    throw error;
  }
}

/** An image has more data than its copy may have. */
export function imageTooLarge(): AgentError {
  return new AgentError(
    "image-too-large",
    "The worker image has more data than it may have",
  );
}

/** Whether an error is {@linkcode imageTooLarge}. */
export function isImageTooLarge(error: unknown): boolean {
  return error instanceof AgentError && error.code === "image-too-large";
}

async function orBadImage<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (/no space left/i.test(error.stderr)) {
      throw new AgentError("disk-full", "The manager's disk is full");
    }
    if (/file too large/i.test(error.stderr)) throw imageTooLarge();
    throw new AgentError("bad-image", "Cannot read the worker image", {
      cause: error,
      detail: error.stderr.slice(0, 2000),
    });
  }
}

function orBadAnswer<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new AgentError("bad-image", "Cannot read the worker image", {
      cause,
    });
  }
}
