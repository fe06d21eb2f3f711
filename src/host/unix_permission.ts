/** The first minor version of Deno 2 in which unix sockets are net addresses. */
const FIRST_MINOR_VERSION = 9;

/**
 * The net permissions that the connection to unix sockets needs: none on
 * versions of Deno that ask for nothing but the permission to read and write
 * the socket's path, and cannot even parse these. A query does not tell, since
 * whoever has all of the network is granted what cannot be parsed.
 */
export function unixSocketPermissions(
  paths: readonly string[],
  version: string = Deno.version.deno,
): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 2 || (major === 2 && minor < FIRST_MINOR_VERSION)) return [];
  return paths.map((path) => `unix:${path}`);
}
