/**
 * Opens the connections that workers ask for, as the build's rules allow.
 *
 * The name is resolved once, here, and what is dialed is one of the addresses
 * that were checked: a name that changes its mind between check and connection
 * (DNS rebinding) gains nothing. Only a proxy, if the user has one, looks names
 * up by itself.
 *
 * @module
 */

import { Allowlist } from "../shared/network/allowlist.ts";
import type { Destination, EgressRule } from "../shared/network/egress_rule.ts";
import { endsInNumber, isWildcard } from "../shared/network/host.ts";
import { type AddressRules, quoteDestination } from "./addresses.ts";
import { addressesOfInterfaces } from "./closed_places.ts";
import { type Connect, connectBy, type ConnectLimits } from "./connect.ts";
import { EgressRefusedError } from "./egress_error.ts";
import {
  denyingPatterns,
  HostPatterns,
} from "../shared/network/host_patterns.ts";
import type { HostConnection } from "./proxy_connection.ts";
import { noProxy, proxyFor, type ProxySettings } from "./proxy_settings.ts";
import { type Resolve, resolveBySystem } from "./resolver.ts";
import { findAddresses, type Route, routeThrough } from "./route.ts";

export type { Connect };

/** What happened to a connection that a worker asked for. */
export type DialEvent =
  /** Nothing speaks against it: it is dialed now. */
  | { type: "allowed"; destination: Destination }
  /** Connected to an address, which is the proxy's where there is one. */
  | { type: "connected"; destination: Destination; address: string }
  | {
    type: "refused";
    destination: Destination;
    code: EgressRefusedError["code"];
    message: string;
  };

/** Bounds on a build's connections. */
export interface DialLimits extends ConnectLimits {
  resolveMilliseconds: number;
}

/** A resolver's own retries take 10 s, a client's patience about a minute. */
export const defaultDialLimits: DialLimits = {
  resolveMilliseconds: 15_000,
  connectMilliseconds: 10_000,
  addresses: 4,
};

/** What a dialer is made of; tests inject their own resolver and connections. */
export interface DialerOptions {
  rules: readonly EgressRule[];
  /** Names, addresses and ranges that are never dialed, in lower case. */
  denied?: readonly string[];
  /** Closed places that the user opens to what the rules name. */
  opened?: readonly string[];
  proxy?: ProxySettings;
  /**
   * Also dial public hosts that no rule allows, but only by name; it is told
   * each such destination before that is dialed, and may refuse it.
   */
  learn?: ((destination: EgressRule) => boolean) | undefined;
  /** Tells the addresses of this machine. */
  ownAddresses?: () => string[];
  resolve?: Resolve;
  connect?: Connect;
  limits?: DialLimits;
}

/** An open connection, and the rule that allowed it or would allow it. */
export interface Dialed {
  connection: HostConnection;
  rule: EgressRule;
}

/** Opens connections for one build. */
export interface Dialer {
  /**
   * @param onEvent told whether it is allowed, and whether it was dialed
   * @throws {EgressRefusedError}
   */
  dial(
    destination: Destination,
    onEvent?: (event: DialEvent) => void,
  ): Promise<Dialed>;
}

/** Makes the dialer of a build; its rules are what the user allowed, no more. */
export function createDialer(options: DialerOptions): Dialer {
  const {
    ownAddresses = addressesOfInterfaces,
    resolve = resolveBySystem,
    connect = Deno.connect,
    limits = defaultDialLimits,
    proxy: proxies = noProxy,
  } = options;
  const allowlist = new Allowlist(options.rules);
  const denied = denyingPatterns(options.denied);
  const opened = new HostPatterns(options.opened);
  const nothing = new HostPatterns();

  function refuse(
    code: "not-allowed" | "denied",
    destination: Destination,
    reason: string,
  ): never {
    throw new EgressRefusedError(
      code,
      `Refused ${quoteDestination(destination)}: ${reason}`,
    );
  }

  function canBeLearned({ host }: Destination): boolean {
    return options.learn !== undefined && !isWildcard(host) &&
      !endsInNumber(host);
  }

  /** What the user opened needs a rule that names it. */
  function findRoute(
    destination: Destination,
    rule: EgressRule | undefined,
  ): Promise<Route> {
    const rules: AddressRules = {
      denied,
      opened: rule === undefined ? nothing : opened,
      own: ownAddresses(),
    };
    const lookup = { resolve, milliseconds: limits.resolveMilliseconds };
    const proxy = proxyFor(destination, proxies);
    return proxy === undefined
      ? findAddresses(destination, rules, lookup)
      : routeThrough(proxy, destination, rules, lookup);
  }

  async function open(
    destination: Destination,
    onEvent: (event: DialEvent) => void,
  ): Promise<Dialed> {
    if (denied.covering(destination.host) !== undefined) {
      refuse("denied", destination, "your configuration denies it");
    }
    const rule = allowlist.match(destination);
    if (rule === undefined && !canBeLearned(destination)) {
      refuse("not-allowed", destination, "the build does not allow it");
    }
    const route = await findRoute(destination, rule);
    if (rule === undefined && !options.learn?.(destination)) {
      refuse("not-allowed", destination, "too many hosts are learned already");
    }
    onEvent({ type: "allowed", destination });
    const connection = await connectBy(route, destination, connect, limits);
    return { connection, rule: rule ?? destination };
  }

  async function dial(
    destination: Destination,
    onEvent: (event: DialEvent) => void = () => {},
  ): Promise<Dialed> {
    try {
      const dialed = await open(destination, onEvent);
      const address = dialed.connection.remoteAddr.hostname;
      onEvent({ type: "connected", destination, address });
      return dialed;
    } catch (error) {
      if (error instanceof EgressRefusedError) {
        const { code, message } = error;
        onEvent({ type: "refused", destination, code, message });
      }
      throw error;
    }
  }

  return { dial };
}
