import { ContractorError, UsageError } from "../errors.ts";
import { maxCopyBytes } from "../host/worker_image.ts";
import { quotePath } from "../spec/quote.ts";
import { formatSize } from "../spec/units.ts";
import type { PhaseOutcome } from "./events.ts";
import { findImage, noteImage } from "./find_image.ts";
import type { Pipeline } from "./pipeline.ts";

/**
 * Brings the worker image into the manager's cache, unless it is there.
 *
 * @returns its digest, and how the phase ended
 */
export async function provideImage(
  pipeline: Pipeline,
): Promise<{ digest: string; outcome: PhaseOutcome }> {
  const { build, spec, ports, signal, state } = pipeline.parts;
  const { host } = ports;
  const path = spec.paths.workerImage;
  const image = await host.checkImage(path, signal);
  const { digest, fingerprint } = await host.digestImage(path, signal);
  state.image = { path, sha256: digest, format: image.format };
  const { image: present } = await findImage(pipeline, { image: digest });
  if (present) return { digest, outcome: "reused" };
  const maxBytes = maxCopyBytes(image);
  const serial = pipeline.serial("image");
  const disk = { build, serial, path, readOnly: true };
  await host.attachDisk(disk, signal);
  try {
    await pipeline.call("image.import", {
      image: digest,
      format: image.format,
      disk: serial,
      allocatedBytes: image.allocatedBytes,
      maxBytes,
    });
    // The disk was there all the time, and is what was digested: else the
    // cache would hold something else under this digest for good.
    await host.requireUnchangedImage(fingerprint, signal);
    const { seal } = await pipeline.call("image.keep", { image: digest });
    await noteImage(pipeline, digest, seal);
  } catch (error) {
    const isTooLarge = error instanceof ContractorError &&
      error.code === "manager-image-too-large";
    if (!isTooLarge) throw error;
    throw new UsageError(
      "image-too-large",
      `Cannot use the worker image ${quotePath(path)}: its file takes ${
        formatSize(image.allocatedBytes)
      }, and its data more than ${formatSize(maxBytes)}`,
      { hint: "Store it less compressed, if that is how it is meant to be" },
    );
  } finally {
    await host.detachDisk(serial);
  }
  return { digest, outcome: "done" };
}
