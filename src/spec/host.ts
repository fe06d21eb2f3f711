/**
 * How hosts are written: exact names, names below `*.`, and IPv4 addresses in
 * their usual notation.
 *
 * @module
 */

import { z } from "zod";

/**
 * A host name (RFC 1123), or one below `*.`. The agent's schema is not used for
 * it: loading the whole protocol would slow commands on a spec alone.
 */
const namePattern =
  /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** RFC 1035, section 2.3.4. */
const MAX_HOST_LENGTH = 253;

/** What systems read as an address: its last part is a number. */
const numericPattern = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;

/** Nothing but what an IPv6 address has, perhaps in brackets. */
const ipv6Pattern = /^\[?[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*(?:%\w+)?\]?$/i;

/**
 * The usual notation of an IPv4 address, however it is written: 127.1 and
 * 0x7f000001 are read as systems read them, as 127.0.0.1.
 */
export function readAddress(text: string): string | undefined {
  if (!numericPattern.test(text) || !/^[0-9a-fx.]+$/i.test(text)) {
    return undefined;
  }
  return URL.parse(`http://${text}/`)?.hostname;
}

/** Whether a text is an IPv4 address in its usual notation. */
export function isAddress(text: string): boolean {
  return readAddress(text) === text;
}

/** Whether a text looks like an IPv6 address, which no worker can reach. */
export function isIpv6(text: string): boolean {
  return ipv6Pattern.test(text);
}

/** Whether a text is a host as a spec has it. */
export function isHost(text: string): boolean {
  if (text.length > MAX_HOST_LENGTH || !namePattern.test(text)) return false;
  return !numericPattern.test(text) || isAddress(text);
}

const nameExpectation = 'a host name such as "example.org"';
const addressExpectation = 'a host name or an IPv4 address such as "192.0.2.1"';

function expectation(value: unknown): string {
  if (typeof value === "number") return addressExpectation;
  if (typeof value !== "string") return nameExpectation;
  if (isIpv6(value)) return addressExpectation;
  if (/[/:]/.test(value)) {
    return `${nameExpectation}, without scheme, port or path`;
  }
  return numericPattern.test(value)
    ? addressExpectation
    : `${nameExpectation} or "*.example.org"`;
}

const refuse = {
  error: (issue: { input?: unknown }) => expectation(issue.input),
};

/** The schema of a host. */
export const hostSchema = z.string(refuse).refine(isHost, refuse).meta({
  description:
    "An exact host name, `*.name` for every name below it, or an IPv4 address as four decimal numbers; case does not matter",
  examples: ["example.org", "*.example.org", "192.0.2.1"],
});
