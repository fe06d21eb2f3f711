import { allocatedBytes } from "../shared/allocated_bytes.ts";
import { ContractorError, UsageError } from "../shared/errors.ts";
import { requireReal } from "../shared/require_real.ts";
import { HEADER_BYTES, parseDiskHeader } from "../shared/disk_format.ts";
import {
  digestFile,
  type Fingerprint,
  isUnchanged as isFileUnchanged,
} from "./state/file_digest.ts";
import { systemErrorCode } from "./state/file_errors.ts";

/** A user's image of a worker's disk, after a look at its header. */
export interface WorkerImage {
  readonly path: string;
  readonly format: "raw" | "qcow2";
  /** Size of the file. */
  readonly fileBytes: number;
  /** What it takes on the disk: less, if it has holes. */
  readonly allocatedBytes: number;
  /** Size of the disk that the worker sees. */
  readonly virtualBytes: number;
}

export interface WorkerImageDigest {
  /** SHA-256 of the file, which names the image in the manager's cache. */
  readonly digest: string;
  /** For {@linkcode requireUnchangedImage} after the image was copied. */
  readonly fingerprint: Fingerprint;
}

/**
 * Checks that a file can be a worker's disk, by its header alone.
 *
 * @throws {UsageError} saying what is wrong with it
 */
export async function checkWorkerImage(path: string): Promise<WorkerImage> {
  const { header, info } = await readHeader(path);
  const fileBytes = info.size;
  const found = parseDiskHeader(header, fileBytes);
  switch (found.kind) {
    case "raw":
    case "qcow2":
      return {
        path,
        format: found.kind,
        fileBytes,
        allocatedBytes: allocatedBytes(info),
        virtualBytes: found.virtualBytes,
      };
    case "foreign":
      throw new UsageError(
        "image-format",
        `Cannot use the worker image "${path}": its format is not supported (${found.format})`,
        {
          hint:
            "Use a raw or qcow2 disk image; unpack archives, and convert other disks: qemu-img convert -O qcow2 OLD NEW",
        },
      );
    case "refused":
      throw new UsageError(
        "image-refused",
        `Cannot use the worker image "${path}": ${found.reason}`,
        {
          hint:
            "Use a bootable raw or qcow2 disk image that stands on its own: qemu-img convert -O qcow2 OLD NEW makes one",
        },
      );
  }
}

/** What an image may take in the manager whatever its file takes. */
const FREE_COPY_BYTES = 1024 ** 3;

/** Compressed images of systems are a third of their data, not a sixteenth. */
const MAXIMUM_COMPRESSION = 16;

/**
 * Most bytes that the manager's copy of an image may take: what is small on the
 * user's disk, holes and compression included, must not fill it once it is
 * unpacked.
 */
export function maxCopyBytes(
  { format, fileBytes, allocatedBytes }: Pick<
    WorkerImage,
    "format" | "fileBytes" | "allocatedBytes"
  >,
): number {
  return FREE_COPY_BYTES +
    (format === "raw" ? fileBytes : MAXIMUM_COMPRESSION * allocatedBytes);
}

/**
 * Digests a worker image; the cache makes this instant the next time.
 *
 * @param path its real path when the build began
 */
export async function digestWorkerImage(
  path: string,
  cachePath: string,
  signal?: AbortSignal,
): Promise<WorkerImageDigest> {
  try {
    await requireReal(path);
    const { digest, fingerprint } = await digestFile(path, cachePath, signal);
    return { digest, fingerprint };
  } catch (error) {
    throw imageError(error, path);
  }
}

/**
 * Makes sure that what was copied since is what was digested.
 *
 * @throws {UsageError} `image-changed`
 */
export async function requireUnchangedImage(
  fingerprint: Fingerprint,
): Promise<void> {
  if (await isFileUnchanged(fingerprint)) return;
  throw new UsageError(
    "image-changed",
    `Cannot use the worker image "${fingerprint.path}": it changed during the build`,
    { hint: "Build again when nothing writes to it" },
  );
}

async function readHeader(
  path: string,
): Promise<{ header: Uint8Array; info: Deno.FileInfo }> {
  try {
    // Opening a FIFO would wait for its writer.
    const info = await Deno.stat(path);
    if (!info.isFile) {
      throw new UsageError(
        "image-not-file",
        `Cannot use the worker image "${path}": it is ${
          info.isDirectory ? "a directory" : "no regular file"
        }`,
      );
    }
    using file = await Deno.open(path);
    return { header: await readStart(file), info };
  } catch (error) {
    throw imageError(error, path);
  }
}

async function readStart(file: Deno.FsFile): Promise<Uint8Array> {
  const header = new Uint8Array(HEADER_BYTES);
  let length = 0;
  while (length < header.length) {
    const count = await file.read(header.subarray(length));
    if (count === null) break;
    length += count;
  }
  return header.subarray(0, length);
}

function imageError(error: unknown, path: string): unknown {
  if (error instanceof ContractorError) return error;
  switch (systemErrorCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return new UsageError(
        "image-missing",
        `Cannot find the worker image "${path}"`,
        { cause: error },
      );
    case "EACCES":
    case "EPERM":
      return new UsageError(
        "image-unreadable",
        `Cannot read the worker image "${path}": permission denied`,
        { cause: error },
      );
    default:
      return error;
  }
}
