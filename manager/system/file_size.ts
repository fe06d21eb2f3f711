import { allocatedBytes } from "../../src/shared/allocated_bytes.ts";

/** Bytes that a sparse file takes on the disk; 0 if it is gone. */
export async function measureFile(file: string): Promise<number> {
  try {
    return allocatedBytes(await Deno.stat(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
