/**
 * Reading what a user wrote: a text of bounded size, or an error that says why
 * it cannot be read.
 *
 * @module
 */

import { UsageError } from "../shared/errors.ts";
import { quote, quotePath } from "../shared/quote.ts";

/** Far beyond any real file, small enough to parse in seconds at worst. */
export const MAX_FILE_BYTES = 1024 ** 2;

/** What kind of file it is. */
export interface FileKind {
  /** Starts the codes of errors: `spec` gives `spec-missing`. */
  readonly code: "spec" | "config";
  /** What messages call it, such as "build spec". */
  readonly name: string;
  /** What to do if it is a directory. */
  readonly directoryHint?: string;
}

/** The path that stands for standard input. */
export const STANDARD_INPUT = "-";

/** A file's text and the bytes that it was. */
export interface TextFile {
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads a regular file or standard input, UTF-8 text; may be empty. */
export async function readTextFile(
  path: string,
  kind: FileKind,
): Promise<TextFile> {
  const refuse: Refuse = (problem, reason, details) =>
    new UsageError(
      `${kind.code}-${problem}`,
      `Cannot read ${kind.name} ${quotePath(path)}: ${reason}`,
      details,
    );
  const bytes = await readFile(path, kind, refuse);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, bytes };
  } catch {
    throw refuse("not-utf8", `it is not UTF-8 text at ${badPlace(bytes)}`);
  }
}

/** Line and column of the first character that is not UTF-8. */
function badPlace(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const before = text.slice(0, text.indexOf("\ufffd")).split("\n");
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

type Refuse = (
  problem:
    | "is-directory"
    | "missing"
    | "not-file"
    | "not-utf8"
    | "too-large"
    | "unreadable",
  reason: string,
  details?: { hint?: string },
) => UsageError;

async function readFile(
  path: string,
  { directoryHint: hint }: FileKind,
  refuse: Refuse,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (path === STANDARD_INPUT) return await readBounded(Deno.stdin, refuse);
    // Before opening: opening a FIFO would wait for a writer.
    const { isFile, isDirectory } = await Deno.stat(path);
    if (isDirectory) {
      const details = hint === undefined ? {} : { hint };
      throw refuse("is-directory", "it is a directory", details);
    }
    if (!isFile) throw refuse("not-file", "it is not a regular file");
    using file = await Deno.open(path, { read: true });
    return await readBounded(file, refuse);
  } catch (error) {
    throw error instanceof UsageError ? error : explain(error, path, refuse);
  }
}

async function readBounded(
  file: { read(buffer: Uint8Array): Promise<number | null> },
  refuse: Refuse,
): Promise<Uint8Array<ArrayBuffer>> {
  // One byte more than allowed, to see that a file has it.
  const buffer = new Uint8Array(MAX_FILE_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) return buffer.slice(0, length);
    length += count;
  }
  throw refuse("too-large", "it is larger than 1 MiB");
}

function explain(error: unknown, path: string, refuse: Refuse): UsageError {
  if (path === "") return refuse("missing", "the path is empty");
  if (error instanceof Deno.errors.NotFound) {
    return refuse("missing", "there is no such file");
  }
  if (error instanceof Deno.errors.NotADirectory) {
    return refuse("missing", "a part of its path is not a directory");
  }
  if (error instanceof Deno.errors.FilesystemLoop) {
    return refuse("unreadable", "it leads through too many symbolic links");
  }
  if (error instanceof Deno.errors.NotCapable && isKernelPath(path)) {
    const hint = `"${STANDARD_INPUT}" stands for standard input`;
    return refuse("unreadable", "it is not a regular file", { hint });
  }
  if (
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable
  ) {
    return refuse("unreadable", "permission denied");
  }
  const reason = error instanceof Error ? error.message : String(error);
  return refuse("unreadable", quote(reason));
}

/** Deno guards what the kernel offers as files, whatever the permissions. */
function isKernelPath(path: string): boolean {
  return /^\/(dev|proc|sys)\//.test(path);
}
