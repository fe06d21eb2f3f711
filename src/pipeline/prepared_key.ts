import { createHash } from "node:crypto";

/** Raised when the steps that prepare a worker change their meaning. */
const PREPARE_VERSION = 2;

/**
 * Names a prepared worker disk by all that went into it: the worker image, the
 * plays, the hosts they could reach, and the size of the disk.
 *
 * @returns SHA-256 in lower-case hexadecimal
 */
export function preparedKey(inputs: {
  imageDigest: string;
  ansible: readonly unknown[];
  network: unknown;
  /** Whether the playbook could reach more than that. */
  learn: boolean;
  diskBytes: number;
}): string {
  const { imageDigest, ansible, network, learn, diskBytes } = inputs;
  return createHash("sha256")
    .update(
      JSON.stringify([
        PREPARE_VERSION,
        imageDigest,
        ansible,
        network ?? null,
        diskBytes,
        learn,
      ]),
    )
    .digest("hex");
}
