/** Brings a file's bytes to the disk, so that its name never promises more. */
export async function flush(path: string): Promise<void> {
  const file = await Deno.open(path, { read: true, write: true });
  try {
    await file.sync();
  } finally {
    file.close();
  }
}
