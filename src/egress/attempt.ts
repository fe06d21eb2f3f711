/**
 * Refused connections as records against the build.
 *
 * @module
 */

import type { Destination } from "../shared/network/egress_rule.ts";
import { isAddressLiteral } from "../shared/network/ip_address.ts";
import type { EgressRefusedError } from "./egress_error.ts";
import type { SeenAttempt } from "./findings.ts";

/** What a refused connection is held against the build as, if it is at all. */
export function toAttempt(
  destination: Destination,
  { code, address }: EgressRefusedError,
): SeenAttempt | undefined {
  const { host, port, protocol } = destination;
  const isLiteral = isAddressLiteral(host);
  const attempt = {
    protocol,
    port,
    host: isLiteral ? null : host,
    content: null,
    claimed: null,
  };
  switch (code) {
    case "refused-address":
      return {
        ...attempt,
        refusal: "address-refused",
        address: toPlainAddress(address),
      };
    case "not-allowed":
    case "denied":
      return {
        ...attempt,
        refusal: "destination-not-allowed",
        address: isLiteral ? host : null,
      };
    case "no-address":
    case "connect-failed":
    case "too-many":
    case "over-limit":
      return undefined;
  }
}

/** An address as records have it: without its zone. */
function toPlainAddress(address: string | undefined): string | null {
  const plain = address?.replace(/%.*/, "");
  return plain !== undefined && isAddressLiteral(plain) ? plain : null;
}
