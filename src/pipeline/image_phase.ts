import { ContractorError, UsageError } from "../shared/errors.ts";
import type { WorkerImage } from "../host/vmm.ts";
import { maxCopyBytes } from "../host/worker_image.ts";
import { quotePath } from "../shared/quote.ts";
import { formatSize } from "../spec/units.ts";
import { findImage, noteImage } from "./find_image.ts";
import { diskSerial } from "./job.ts";
import type { PhaseContext, PhaseResult } from "./phase.ts";

/** Brings the worker image into the manager's cache, unless it is there. */
export async function provideImage(
  context: PhaseContext,
): Promise<PhaseResult<{ digest: string }>> {
  const { job, ports, agent, interruption, record } = context;
  const { host } = ports;
  const path = job.project.spec.paths.workerImage;
  const image = await host.checkImage(path, interruption);
  const { digest, fingerprint } = await host.digestImage(path, interruption);
  const { format } = image;
  record({ type: "image", image: { path, sha256: digest, format } });
  const { image: present } = await findImage(context, { image: digest });
  if (present) return { outcome: "reused", value: { digest } };
  const maxBytes = maxCopyBytes(image);
  const serial = diskSerial(job, "image");
  const disk = { build: job.id, serial, path, readOnly: true };
  await host.attachDisk(disk, interruption);
  try {
    await agent.call("image.import", {
      image: digest,
      format,
      disk: serial,
      allocatedBytes: image.allocatedBytes,
      maxBytes,
    });
    // The disk was there all the time, and is what was digested: else the
    // cache would hold something else under this digest for good.
    await host.requireUnchangedImage(fingerprint, interruption);
    const { seal } = await agent.call("image.keep", { image: digest });
    await noteImage(context, digest, seal);
  } catch (error) {
    throw isTooLarge(error) ? tooLarge(path, image, maxBytes) : error;
  } finally {
    await host.detachDisk(serial);
  }
  return { outcome: "done", value: { digest } };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof ContractorError &&
    error.code === "manager-image-too-large";
}

function tooLarge(
  path: string,
  { allocatedBytes }: WorkerImage,
  maxBytes: number,
): UsageError {
  return new UsageError(
    "image-too-large",
    `Cannot use the worker image ${quotePath(path)}: its file takes ${
      formatSize(allocatedBytes)
    }, and its data more than ${formatSize(maxBytes)}`,
    { hint: "Store it less compressed, if that is how it is meant to be" },
  );
}
