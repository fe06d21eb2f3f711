/**
 * Hosts that a user denies to all builds.
 *
 * @module
 */

/** The host itself, then the wildcards that cover it, nearest first. */
function* patternsOf(host: string): Generator<string> {
  yield host;
  let dot = host.indexOf(".");
  while (dot !== -1) {
    yield `*${host.slice(dot)}`;
    dot = host.indexOf(".", dot + 1);
  }
}

/**
 * The denied name that covers a host: the same, or a wildcard above it. The
 * effort does not grow with the number of denied names.
 */
export function denialOf(
  host: string,
  denied: ReadonlySet<string>,
): string | undefined {
  for (const pattern of patternsOf(host.toLowerCase())) {
    if (denied.has(pattern)) return pattern;
  }
  return undefined;
}

/** Whether a host is a denied name, or below a denied wildcard. */
export function isDenied(host: string, denied: readonly string[]): boolean {
  return denialOf(host, new Set(denied)) !== undefined;
}

/**
 * The denied name that an allowlist's entry would allow: one that covers it,
 * or, if the entry is a wildcard, one that is below it.
 */
export function conflictOf(
  host: string,
  denied: readonly string[],
): string | undefined {
  const covering = denialOf(host, new Set(denied));
  if (covering !== undefined || !host.startsWith("*.")) return covering;
  return denied.find((name) => name.endsWith(host.slice(1).toLowerCase()));
}
