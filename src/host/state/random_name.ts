/** A name that nobody else picks: 16 random hexadecimal digits. */
export function randomName(): string {
  return crypto.getRandomValues(new Uint8Array(8)).toHex();
}
