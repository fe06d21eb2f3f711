/**
 * A new identifier of a build: its start in UTC and four random digits, so that
 * listings sort by time.
 */
export function newBuildId(time = new Date()): string {
  const stamp = time.toISOString().replace(/[-:]/g, "").replace("T", "-")
    .slice(0, 15);
  const random = crypto.getRandomValues(new Uint16Array(1))[0]!;
  return `${stamp}-${random.toString(16).padStart(4, "0")}`;
}
