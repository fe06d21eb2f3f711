/**
 * Hosts as a spec names them, and what is said to whoever writes another.
 *
 * @module
 */

import { z } from "zod";
import { endsInNumber, isHost, isIpv6 } from "../shared/network/host.ts";

const nameExpectation = 'a host name such as "example.org"';
const addressExpectation = 'a host name or an IPv4 address such as "192.0.2.1"';

function expectation(value: unknown): string {
  if (typeof value === "number") return addressExpectation;
  if (typeof value !== "string") return nameExpectation;
  if (isIpv6(value)) return addressExpectation;
  if (/[/:]/.test(value)) {
    return `${nameExpectation}, without scheme, port or path`;
  }
  return endsInNumber(value)
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
