/**
 * A manager image with an inspector inside: a unit that runs as root in the
 * manager, looks at the first worker, and tells of it in the journal. It is
 * laid over the release's image, so that the release needs no way in.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { managerManifest } from "../../subplot/repository.ts";

const released = join(managerManifest, "..");

const unit = `[Unit]
Description=Inspector
After=contractor-agent.service

[Service]
Environment=INSPECTOR_CONTROL=%CONTROL%
ExecStart=/usr/lib/inspector
StandardOutput=journal

[Install]
WantedBy=multi-user.target
`;

/** What the image's inspector looks for, besides the worker. */
export interface Searched {
  /** Must be nowhere. */
  secret: string;
  /** Is in the inspector's own environment and on a disk of the build. */
  control: string;
}

/**
 * Makes the image.
 *
 * @param script what the inspector runs; `SECRET` and `CONTROL` in it stand for
 * what is searched, backwards, so that the script is not found itself
 */
export async function makeInspectedManager(
  directory: string,
  script: string,
  { secret, control }: Searched,
): Promise<void> {
  const tree = join(directory, "tree");
  const units = join(tree, "overlay/etc/systemd/system");
  const programs = join(tree, "overlay/usr/lib");
  await Deno.mkdir(`${units}/multi-user.target.wants`, { recursive: true });
  await Deno.mkdir(programs, { recursive: true });
  await Deno.writeTextFile(
    `${units}/inspector.service`,
    unit.replace("%CONTROL%", control),
  );
  await Deno.symlink(
    "../inspector.service",
    `${units}/multi-user.target.wants/inspector.service`,
  );
  await Deno.writeTextFile(
    `${programs}/inspector`,
    script.replaceAll("SECRET", reverse(secret))
      .replaceAll("CONTROL", reverse(control)),
    { mode: 0o755 },
  );
  const overlay = await packTree(tree);
  await Deno.remove(tree, { recursive: true });

  for (const name of ["vmlinuz", "root.squashfs"]) {
    await Deno.symlink(join(released, name), join(directory, name));
  }
  const initramfs = await Deno.readFile(join(released, "initrd.img"));
  // The kernel unpacks one archive after another; each starts at a multiple of 4.
  const inspected = new Uint8Array(
    Math.ceil(initramfs.length / 4) * 4 + overlay.length,
  );
  inspected.set(initramfs);
  inspected.set(overlay, inspected.length - overlay.length);
  await Deno.writeFile(join(directory, "initrd.img"), inspected);

  const manifest = JSON.parse(await Deno.readTextFile(managerManifest));
  manifest.files["initrd.img"] = createHash("sha256").update(inspected)
    .digest("hex");
  await Deno.writeTextFile(
    join(directory, "manifest.json"),
    JSON.stringify(manifest),
  );
}

/** Text that only its reader turns round. */
export function reverse(text: string): string {
  return [...text].reverse().join("");
}

async function packTree(tree: string): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", "find . | cpio --quiet -o -H newc -R 0:0"],
    cwd: tree,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}
