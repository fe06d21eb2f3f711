/**
 * A build spec from a file.
 *
 * @module
 */

import { UsageError } from "../shared/errors.ts";
import { parseBuildSpec, type ParsedSpec } from "./parse.ts";
import { quotePath } from "../shared/quote.ts";
import { readTextFile } from "./read_text_file.ts";

/** A build spec and where it came from. */
export interface LoadedSpec extends ParsedSpec {
  /** The spec's path as given. */
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly digest: string;
}

/**
 * Reads and checks a build spec.
 *
 * @throws {SpecError} if the spec has mistakes, with all of them
 * @throws {UsageError} if the file cannot be read as text
 */
export async function loadBuildSpec(path: string): Promise<LoadedSpec> {
  const { text, bytes } = await readTextFile(path, {
    code: "spec",
    name: "build spec",
    directoryHint: "Name the YAML file in it",
  });
  if (text.trim() === "") {
    throw new UsageError(
      "spec-empty",
      `Cannot read build spec ${quotePath(path)}: it is empty`,
    );
  }
  return { path, ...parseBuildSpec(text, path), digest: await sha256(bytes) };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
