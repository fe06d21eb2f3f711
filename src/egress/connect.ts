/**
 * Connects to a destination by a route that was judged.
 *
 * @module
 */

import type { Destination } from "../shared/network/egress_rule.ts";
import { quoteDestination } from "./addresses.ts";
import { EgressRefusedError } from "./egress_error.ts";
import { lateAnswer } from "./late_answer.ts";
import { type HostConnection, tunnel } from "./proxy_connection.ts";
import type { ProxyServer } from "./proxy_settings.ts";
import type { Route } from "./route.ts";

/** Connects to an address that was checked, or to the user's proxy. */
export type Connect = (options: {
  hostname: string;
  port: number;
  signal: AbortSignal;
}) => Promise<Deno.TcpConn>;

/** Bounds on a build's connections. */
export interface ConnectLimits {
  /** For each address that is tried, and for a proxy with its answer. */
  connectMilliseconds: number;
  /** Addresses that are tried before giving up. */
  addresses: number;
}

/**
 * Connects, to one address after another if there are several.
 *
 * @throws {EgressRefusedError} `connect-failed`
 */
export async function connectBy(
  route: Route,
  destination: Destination,
  connect: Connect,
  limits: ConnectLimits,
): Promise<HostConnection> {
  const attempts = "proxy" in route
    ? [throughProxy(route.proxy, destination, connect)]
    : route.addresses.slice(0, limits.addresses).map(
      (hostname) => (signal: AbortSignal) =>
        connect({ hostname, port: destination.port, signal }),
    );
  const by = "proxy" in route ? ` through ${nameOf(route.proxy)}` : "";
  let failure: unknown;
  for (const attempt of attempts) {
    try {
      return await inTime(limits.connectMilliseconds, attempt);
    } catch (error) {
      failure = error;
    }
  }
  const detail = failure instanceof Error ? failure.message : String(failure);
  throw new EgressRefusedError(
    "connect-failed",
    `Cannot connect to ${quoteDestination(destination)}${by}: ${detail}`,
    failure,
  );
}

function throughProxy(
  proxy: ProxyServer,
  destination: Destination,
  connect: Connect,
) {
  return async (signal: AbortSignal): Promise<HostConnection> => {
    const { hostname, port } = proxy;
    const connection = await connect({ hostname, port, signal });
    return await tunnel(connection, proxy, destination, { signal });
  };
}

/** A proxy as messages show it: without user name and password. */
function nameOf({ hostname, port }: ProxyServer): string {
  return `the proxy ${
    hostname.includes(":") ? `[${hostname}]` : hostname
  }:${port}`;
}

async function inTime<T>(
  milliseconds: number,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(lateAnswer(milliseconds)),
    milliseconds,
  );
  try {
    return await attempt(abort.signal);
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
