/**
 * How a destination is reached: at addresses that were judged, or through the
 * user's proxy.
 *
 * @module
 */

import {
  addressesOf,
  type AddressRules,
  quoteDestination,
  requireAddresses,
  selectAddresses,
} from "./addresses.ts";
import type { Destination } from "../shared/network/egress_rule.ts";
import { endsInNumber } from "../shared/network/host.ts";
import { describePlace } from "./closed_places.ts";
import { EgressRefusedError } from "./egress_error.ts";
import { isAddressLiteral } from "../shared/network/ip_address.ts";
import { kindOfName } from "./known_names.ts";
import type { ProxyServer } from "./proxy_settings.ts";
import type { Resolve } from "./resolver.ts";

/** Where to connect to. */
export type Route =
  | { readonly addresses: readonly string[] }
  | { readonly proxy: ProxyServer };

/** How names are looked up, and for how long. */
export interface NameLookup {
  readonly resolve: Resolve;
  readonly milliseconds: number;
}

/**
 * How long a name may take that a proxy will look up itself: behind a proxy
 * this machine often knows the names of its own network alone.
 */
const PROXIED_NAME_MILLISECONDS = 2_000;

/**
 * Finds the addresses of a destination that may be dialed.
 *
 * @throws {EgressRefusedError}
 */
export async function findAddresses(
  destination: Destination,
  rules: AddressRules,
  { resolve, milliseconds }: NameLookup,
): Promise<Route> {
  const found = await addressesOf(destination, resolve, milliseconds);
  return { addresses: selectAddresses(destination, found, rules) };
}

/**
 * Judges a destination that a proxy will look up: by its name, and by its
 * addresses if this machine knows them.
 *
 * @throws {EgressRefusedError}
 */
export async function routeThrough(
  proxy: ProxyServer,
  destination: Destination,
  rules: AddressRules,
  { resolve, milliseconds }: NameLookup,
): Promise<Route> {
  requireOpenName(destination, rules);
  const bound = Math.min(milliseconds, PROXIED_NAME_MILLISECONDS);
  const found = await addressesOf(destination, resolve, bound)
    .catch((error) => {
      if (error instanceof EgressRefusedError) return [];
      throw error;
    });
  requireAddresses(destination, found, rules);
  return { proxy };
}

/** A name that a proxy would find in its own network, or in none. */
function requireOpenName(
  destination: Destination,
  { opened }: AddressRules,
): void {
  const { host } = destination;
  if (isAddressLiteral(host)) return;
  const isOpen = opened.coveringName(host) !== undefined;
  const kind = endsInNumber(host)
    ? "not an address"
    : isOpen
    ? undefined
    : kindOfName(host) ?? (host.includes(".") ? undefined : "private");
  if (kind === undefined) return;
  throw new EgressRefusedError(
    "refused-address",
    `Refused ${quoteDestination(destination)}: ${describePlace(host, kind)}`,
  );
}
