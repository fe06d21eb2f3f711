/**
 * The network that a test makes up: what names resolve to, and which ports of
 * this machine stand behind the addresses. It travels in the URL of the egress
 * isolate's module, since isolates can read neither files nor variables.
 *
 * @module
 */

import type { Resolve } from "../../src/egress/resolver.ts";

export interface NetworkMap {
  /**
   * Answers for a name; each look-up takes the next one, the last one stays.
   * `*.name` answers for every name below it.
   */
  answers: Record<string, string[][]>;
  /** How long look-ups of a name take, in milliseconds. */
  delays?: Record<string, number>;
  /** Loopback ports by `ADDRESS:PORT`; nobody listens anywhere else. */
  ports: Record<string, number>;
}

/** The URL of a module with the map in it. */
export function withNetworkMap(module: URL, encoded: string): URL {
  const url = new URL(module);
  url.searchParams.set("network", encoded);
  return url;
}

/** Reads the map out of a module's own URL. */
export function networkMapOf(moduleUrl: string): NetworkMap {
  const encoded = new URL(moduleUrl).searchParams.get("network");
  return JSON.parse(encoded ?? '{"answers":{},"ports":{}}');
}

/** Resolves names as the map says. */
export function resolveByMap({ answers, delays }: NetworkMap): Resolve {
  const left = structuredClone(answers);
  return async (host) => {
    const delay = delays?.[host];
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
    const above = host.slice(host.indexOf("."));
    const known = left[host] ?? left[`*${above}`];
    if (known === undefined) throw new Error(`nobody knows ${host}`);
    return (known.length > 1 ? known.shift() : known[0]) ?? [];
  };
}

/** Connects to the loopback port that stands behind an address. */
export function connectByMap({ ports }: NetworkMap) {
  return async (
    { hostname, port, signal }: {
      hostname: string;
      port: number;
      signal: AbortSignal;
    },
  ): Promise<Deno.TcpConn> => {
    const local = ports[`${hostname}:${port}`];
    if (local === undefined) {
      throw new Error(`nobody listens at ${hostname}:${port}`);
    }
    return await Deno.connect({ hostname: "127.0.0.1", port: local, signal });
  };
}
