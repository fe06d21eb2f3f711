/**
 * Copies an image from a device, and writes no more than the data disk was found
 * to have room for.
 *
 * @module
 */

import type { DiskClaims } from "./disk_claims.ts";
import {
  checkImage,
  copyImage,
  type ImageFormat,
  imageTooLarge,
  isImageTooLarge,
  measureData,
} from "./disk_image.ts";
import { measureFile } from "../system/file_size.ts";
import { confinedImageTool, type ImageTool } from "./image_tool.ts";

/** An image on a device that the host attached. */
export interface ImageSource {
  device: string;
  format: ImageFormat;
  /** What it takes on the host's disk. */
  allocatedBytes: number;
  /** Most that its copy may take. */
  maxBytes: number;
}

/** The disk that a copy is made on. */
export interface CopyRoom {
  claims: Pick<DiskClaims, "during">;
  makeRoom(bytes: number): Promise<void>;
}

/** What the copy of a raw image has beside the data: its tables. */
const TABLE_BYTES = 64 * 1024 ** 2;

/** How much larger the data becomes: clusters have some of it in part. */
const CLUSTER_FACTOR = 9 / 8;

/**
 * Copies a device's image to a file, which is the caller's to remove.
 *
 * @throws {AgentError} `bad-image`, `image-too-large` or `disk-full`
 */
export async function copyDevice(
  { device, format, allocatedBytes, maxBytes }: ImageSource,
  target: string,
  room: CopyRoom,
  signal: AbortSignal,
  tool: ImageTool = confinedImageTool,
): Promise<void> {
  await checkImage(device, format, tool);
  // A device does not tell where a raw image has holes.
  const isRaw = format === "raw";
  const dataBytes = isRaw
    ? allocatedBytes
    : await measureData(device, format, tool);
  if (dataBytes > maxBytes) throw imageTooLarge();
  const [first, most] = isRaw
    ? [
      Math.min(Math.ceil(dataBytes * CLUSTER_FACTOR) + TABLE_BYTES, maxBytes),
      maxBytes,
    ]
    : [dataBytes, dataBytes];
  const copy = (bytes: number) =>
    copyImage(device, format, target, bytes, signal, tool);
  await copyWithin(first, most, target, room, copy);
}

/**
 * Copies with as many bytes as were claimed. The host's file system may compress
 * what it says that an image takes: what does not fit claims more, and begins
 * anew.
 */
async function copyWithin(
  first: number,
  most: number,
  target: string,
  room: CopyRoom,
  copy: (bytes: number) => Promise<void>,
): Promise<void> {
  for (let bytes = first;; bytes = Math.min(2 * bytes, most)) {
    const options = {
      makeRoom: () => room.makeRoom(0),
      measure: () => measureFile(target),
    };
    try {
      return await room.claims.during(bytes, options, () => copy(bytes));
    } catch (error) {
      if (!isImageTooLarge(error) || bytes >= most) throw error;
      // Else it would count beside the claim for all of the next copy.
      await Deno.truncate(target);
    }
  }
}
