/** Most bytes of a worker's console that an error quotes. */
const TAIL_BYTES = 16 * 1024;

/** The last lines of a worker's console: untrusted text; empty if none. */
export async function readConsoleTail(path: string): Promise<string> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
  try {
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - TAIL_BYTES), Deno.SeekMode.Start);
    const buffer = new Uint8Array(TAIL_BYTES);
    let filled = 0;
    while (filled < buffer.byteLength) {
      const read = await file.read(buffer.subarray(filled));
      if (read === null) break;
      filled += read;
    }
    return new TextDecoder().decode(buffer.subarray(0, filled));
  } finally {
    file.close();
  }
}
