/**
 * How hosts are written: exact names, names below `*.`, and IPv4 addresses in
 * their usual notation.
 *
 * @module
 */

/** A host name in lower case (RFC 1123), or one below `*.`. */
export const HOST_NAME =
  /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** RFC 1035, section 2.3.4. */
export const MAX_HOST_LENGTH = 253;

const nameInAnyCase = new RegExp(HOST_NAME, "i");

/** Nothing but what an IPv6 address has, perhaps in brackets. */
const ipv6Pattern = /^\[?[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*(?:%\w+)?\]?$/i;

/** Whether a host is every name below one. */
export function isWildcard(host: string): boolean {
  return host.startsWith("*.");
}

/**
 * Whether systems read a host as an address: its last part is a number.
 * `127.0.0.1` has labels like a name has, but no domain above it.
 */
export function endsInNumber(host: string): boolean {
  return /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i.test(host);
}

/**
 * The usual notation of an IPv4 address, however it is written: 127.1 and
 * 0x7f000001 are read as systems read them, as 127.0.0.1.
 */
export function readAddress(text: string): string | undefined {
  if (!endsInNumber(text) || !/^[0-9a-fx.]+$/i.test(text)) return undefined;
  return URL.parse(`http://${text}/`)?.hostname;
}

/** Whether a text is an IPv4 address in its usual notation. */
export function isIpv4(text: string): boolean {
  return readAddress(text) === text;
}

/** Whether a text looks like an IPv6 address, which no worker can reach. */
export function isIpv6(text: string): boolean {
  return ipv6Pattern.test(text);
}

/** Whether a text is a host as a spec has it. */
export function isHost(text: string): boolean {
  if (text.length > MAX_HOST_LENGTH || !nameInAnyCase.test(text)) return false;
  return !endsInNumber(text) || isIpv4(text);
}
