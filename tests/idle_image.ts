/**
 * A manager image with a kernel that does nothing.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { buildIdleKernel } from "./idle_kernel.ts";

/** Writes the image to a new directory. */
export async function writeIdleImage(directory: string): Promise<void> {
  const files: Record<string, Uint8Array> = {
    "vmlinuz": buildIdleKernel(),
    "initrd.img": new Uint8Array(512),
    "root.squashfs": new Uint8Array(4096),
  };
  await Deno.mkdir(directory);
  const digests: Record<string, string> = {};
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.writeFile(join(directory, name), bytes);
    digests[name] = createHash("sha256").update(bytes).digest("hex");
  }
  await Deno.writeTextFile(
    join(directory, "manifest.json"),
    JSON.stringify({ version: "idle", files: digests }),
  );
}
