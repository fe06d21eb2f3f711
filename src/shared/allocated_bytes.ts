/** What `st_blocks` counts in, whatever the file system's block size: stat(2). */
const STAT_BLOCK_BYTES = 512;

/** Bytes that a file takes on the disk: fewer than its size if it is sparse. */
export function allocatedBytes({ blocks }: Deno.FileInfo): number {
  return (blocks ?? 0) * STAT_BLOCK_BYTES;
}
