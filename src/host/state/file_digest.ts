import { createHash } from "node:crypto";
import { z } from "zod";
import { EnvironmentError } from "../../shared/errors.ts";
import { digestSchema } from "../../shared/rpc/protocol.ts";
import { systemErrorCode } from "./file_errors.ts";
import { replaceFile } from "./replace_file.ts";

const BLOCK_BYTES = 1024 ** 2;

/** Digests to remember; the oldest are forgotten first. */
const CACHE_ENTRIES = 256;

/** Far more than the entries take. */
const CACHE_BYTES_LIMIT = 4 * 1024 ** 2;

/**
 * A file that changed so recently may change again without its times telling:
 * they are read in milliseconds, and the kernel's clock ticks more slowly.
 */
const SETTLED_AFTER_MS = 2_000;

const fingerprintSchema = z.strictObject({
  path: z.string().max(4096),
  device: z.int(),
  inode: z.int(),
  bytes: z.int().min(0),
  modified: z.number(),
  changed: z.number(),
});

/** What tells one content of a file from another without reading it. */
export type Fingerprint = z.infer<typeof fingerprintSchema>;

const cacheSchema = z.strictObject({
  version: z.literal(1),
  entries: z.array(z.strictObject({
    file: fingerprintSchema,
    digest: digestSchema,
  })).max(CACHE_ENTRIES),
});
type CacheEntry = z.infer<typeof cacheSchema>["entries"][number];

export interface FileDigest {
  /** SHA-256 of the content. */
  readonly digest: string;
  readonly fingerprint: Fingerprint;
  /** Whether an earlier reading served. */
  readonly reused: boolean;
}

/** Reads the fingerprint of a file as it is now. */
export async function readFingerprint(path: string): Promise<Fingerprint> {
  const info = await Deno.stat(path);
  return {
    path,
    device: info.dev,
    inode: info.ino ?? 0,
    bytes: info.size,
    modified: info.mtime?.getTime() ?? 0,
    changed: info.ctime?.getTime() ?? 0,
  };
}

/** Whether a file is still what it was when it was digested. */
export async function isUnchanged(fingerprint: Fingerprint): Promise<boolean> {
  return sameFile(fingerprint, await readFingerprint(fingerprint.path));
}

/**
 * Computes the SHA-256 of a file, or remembers it from an earlier reading.
 *
 * @param path absolute path of the file
 * @param cachePath where digests are remembered
 * @param signal ends the reading, with its reason
 * @throws {EnvironmentError} `file-changed` if it changes while it is read
 */
export async function digestFile(
  path: string,
  cachePath: string,
  signal?: AbortSignal,
): Promise<FileDigest> {
  const fingerprint = await readFingerprint(path);
  const entries = await readCache(cachePath);
  const known = entries.find((entry) => sameFile(entry.file, fingerprint));
  if (known !== undefined) {
    return { digest: known.digest, fingerprint, reused: true };
  }
  const digest = await readDigest(path, signal);
  if (!await isUnchanged(fingerprint)) {
    throw new EnvironmentError(
      "file-changed",
      `Cannot use "${path}": it changed while it was read`,
      { hint: "Try again when nothing writes to it" },
    );
  }
  if (isSettled(fingerprint)) {
    await remember(cachePath, { file: fingerprint, digest });
  }
  return { digest, fingerprint, reused: false };
}

async function readDigest(
  path: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const block = new Uint8Array(BLOCK_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const count = await file.read(block);
    if (count === null) return hash.digest("hex");
    hash.update(block.subarray(0, count));
  }
}

function isSettled(fingerprint: Fingerprint): boolean {
  const last = Math.max(fingerprint.modified, fingerprint.changed);
  return Date.now() - last > SETTLED_AFTER_MS;
}

function sameFile(a: Fingerprint, b: Fingerprint): boolean {
  return a.path === b.path && a.device === b.device && a.inode === b.inode &&
    a.bytes === b.bytes && a.modified === b.modified && a.changed === b.changed;
}

async function remember(cachePath: string, entry: CacheEntry): Promise<void> {
  const others = (await readCache(cachePath))
    .filter(({ file }) => file.path !== entry.file.path);
  const entries = [...others, entry].slice(-CACHE_ENTRIES);
  await replaceFile(cachePath, JSON.stringify({ version: 1, entries }));
}

/** A cache that is missing or damaged is an empty one. */
async function readCache(cachePath: string): Promise<CacheEntry[]> {
  try {
    const { size } = await Deno.stat(cachePath);
    if (size > CACHE_BYTES_LIMIT) return [];
    const text = await Deno.readTextFile(cachePath);
    return cacheSchema.safeParse(JSON.parse(text)).data?.entries ?? [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  }
}
