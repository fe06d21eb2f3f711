/** Writes all of the bytes, however many writes that takes. */
export async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.byteLength > 0) {
    rest = rest.subarray(await writer.write(rest));
  }
}
