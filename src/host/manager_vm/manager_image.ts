import { join } from "node:path";
import { z } from "zod";
import { EnvironmentError } from "../../shared/errors.ts";
import { digestSchema } from "../../shared/rpc/protocol.ts";
import { digestFile } from "../state/file_digest.ts";
import { stateFileError, systemErrorCode } from "../state/file_errors.ts";
import { randomName } from "../state/random_name.ts";

/** The manifest has a few hundred bytes. */
const MANIFEST_BYTES_LIMIT = 64 * 1024;

const imageFiles = {
  kernel: "vmlinuz",
  initrd: "initrd.img",
  rootImage: "root.squashfs",
} as const;

const manifestSchema = z.strictObject({
  /** Becomes a directory's name, so it must not lead anywhere else. */
  version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
  files: z.strictObject({
    [imageFiles.kernel]: digestSchema,
    [imageFiles.initrd]: digestSchema,
    [imageFiles.rootImage]: digestSchema,
  }),
});
type Manifest = z.infer<typeof manifestSchema>;

/** A manager image that was verified: absolute paths of its files. */
export interface ManagerImage {
  readonly version: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly rootImage: string;
}

/** Where the manager image comes from. */
export interface ManagerImageSource {
  readonly directory: string;
  /** Inside the compiled binary, where QEMU cannot see it. */
  readonly embedded: boolean;
}

/**
 * Tells where the manager image is: where the user says, else beside the
 * program's source, which in the compiled binary means inside it.
 *
 * @param override value of `CONTRACTOR_MANAGER_IMAGE`
 */
export function locateManagerImage(
  override: string | undefined,
): ManagerImageSource {
  if (override) return { directory: override, embedded: false };
  const root = join(import.meta.dirname ?? ".", "..", "..", "..");
  return {
    directory: join(root, ".cache", "images", "manager"),
    embedded: Deno.build.standalone,
  };
}

/** Reads the version of the image that a manager would be started with. */
export async function readManagerImageVersion(
  source: ManagerImageSource,
): Promise<string> {
  return (await readManifest(source.directory)).version;
}

/**
 * Verifies the manager image, having copied it out of the compiled binary if
 * it is there.
 *
 * @param imagesDirectory where copies are kept, by version
 * @param digestCache where digests are remembered
 * @throws {EnvironmentError} if it is missing or damaged
 */
export async function provideManagerImage(
  source: ManagerImageSource,
  imagesDirectory: string,
  digestCache: string,
): Promise<ManagerImage> {
  const manifest = await readManifest(source.directory);
  const directory = source.embedded
    ? await extractImage(source.directory, manifest, imagesDirectory)
    : source.directory;
  for (const [name, expected] of Object.entries(manifest.files)) {
    await verifyFile(join(directory, name), expected, digestCache);
  }
  return {
    version: manifest.version,
    kernel: join(directory, imageFiles.kernel),
    initrd: join(directory, imageFiles.initrd),
    rootImage: join(directory, imageFiles.rootImage),
  };
}

async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, "manifest.json");
  try {
    const { size } = await Deno.stat(path);
    if (size > MANIFEST_BYTES_LIMIT) throw damaged(path);
    return manifestSchema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") throw missing(directory, error);
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw damaged(path, error);
    }
    throw error;
  }
}

/** Copies the files aside first, so that a version is complete if it is there. */
async function extractImage(
  embedded: string,
  manifest: Manifest,
  imagesDirectory: string,
): Promise<string> {
  const directory = join(imagesDirectory, manifest.version);
  if (await exists(directory)) return directory;
  await removeCopies(imagesDirectory);
  const aside = join(imagesDirectory, `.new.${randomName()}`);
  try {
    await Deno.mkdir(aside, { mode: 0o700 });
    for (const name of Object.keys(manifest.files)) {
      await copyOut(join(embedded, name), join(aside, name));
    }
    await Deno.rename(aside, directory);
    return directory;
  } catch (error) {
    await Deno.remove(aside, { recursive: true }).catch(() => {});
    throw stateFileError(error, "unpack the manager image to", directory);
  }
}

/**
 * Of other versions, or abandoned half-way. The caller holds the manager's
 * lock, and no manager runs: nobody uses them.
 */
async function removeCopies(imagesDirectory: string): Promise<void> {
  for await (const { name } of Deno.readDir(imagesDirectory)) {
    await Deno.remove(join(imagesDirectory, name), { recursive: true });
  }
}

/** By streams: the compiled binary's files cannot be copied by the kernel. */
async function copyOut(from: string, to: string): Promise<void> {
  const source = await Deno.open(from);
  const target = await Deno.open(to, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  await source.readable.pipeTo(target.writable);
}

async function verifyFile(
  path: string,
  expected: string,
  digestCache: string,
): Promise<void> {
  try {
    const { digest } = await digestFile(path, digestCache);
    if (digest !== expected) throw damaged(path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") throw damaged(path, error);
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}

function missing(directory: string, cause: unknown): EnvironmentError {
  return new EnvironmentError(
    "manager-image-missing",
    `Cannot find the manager image in "${directory}"`,
    {
      cause,
      hint:
        "Run ./scripts/quickstart to build it, or set CONTRACTOR_MANAGER_IMAGE to a directory that has it",
    },
  );
}

function damaged(path: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError(
    "manager-image-damaged",
    `Cannot use the manager image: "${path}" is not what its manifest says`,
    { cause, hint: "Remove that directory; it is then made again" },
  );
}
