/** Bytes that a sparse file takes on the disk; 0 if it is gone. */
export async function allocatedBytes(file: string): Promise<number> {
  try {
    const info = await Deno.stat(file);
    // st_blocks counts 512-byte units whatever the file system's block is.
    return (info.blocks ?? 0) * 512;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
