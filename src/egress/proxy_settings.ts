/**
 * The proxy that a user's programs go through, as environment variables say it.
 *
 * @module
 */

import type { Destination } from "../shared/network/egress_rule.ts";
import { z } from "zod";
import { UsageError } from "../shared/errors.ts";
import { kindOfHost } from "./closed_places.ts";
import { HostPatterns } from "../shared/network/host_patterns.ts";

/** What more entries of `NO_PROXY` than this would be for is not known. */
const MAX_DIRECT = 1000;

/** Longer than any host with a port. */
const MAX_ENTRY_LENGTH = 300;

/** A server that opens connections for others (HTTP's CONNECT). */
export const proxyServerSchema = z.strictObject({
  /** A name or an address, without brackets. */
  hostname: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535),
  /** Whether it is spoken to by TLS. */
  tls: z.boolean(),
  /** Value of the `Proxy-Authorization` field; a secret. */
  authorization: z.string().regex(/^Basic [A-Za-z0-9+/]+=*$/).nullable(),
});
export type ProxyServer = z.infer<typeof proxyServerSchema>;

/** Which proxy serves what; without one the host dials itself. */
export const proxySettingsSchema = z.strictObject({
  http: proxyServerSchema.nullable(),
  /** For all protocols but plain HTTP. */
  others: proxyServerSchema.nullable(),
  /** Entries of `NO_PROXY`: hosts that are dialed without a proxy. */
  direct: z.array(z.string().max(MAX_ENTRY_LENGTH)).max(MAX_DIRECT),
});
export type ProxySettings = z.infer<typeof proxySettingsSchema>;

/** The settings of a user without a proxy. */
export const noProxy: ProxySettings = { http: null, others: null, direct: [] };

/** Variables that name a proxy, each also in lower case. */
type ProxyVariable = "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY";

/**
 * Reads the variables. Whatever is not plain HTTP goes where HTTPS goes; so
 * does plain HTTP if it has no proxy of its own, since the dialer asks any
 * proxy for the same thing.
 *
 * @throws {UsageError} `bad-proxy` if a proxy cannot be used
 */
export function readProxySettings(
  read: (name: string) => string | undefined,
): ProxySettings {
  const find = (...names: ProxyVariable[]): ProxyServer | null => {
    for (const name of names) {
      // As curl has it: lower case first, and empty is as good as unset.
      const spelling = [name.toLowerCase(), name].find((one) =>
        read(one) !== undefined
      );
      const text = spelling && read(spelling)!.trim();
      if (spelling && text) return parseProxy(spelling, text);
    }
    return null;
  };
  return {
    http: find("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    others: find("HTTPS_PROXY", "ALL_PROXY"),
    direct: (read("no_proxy") ?? read("NO_PROXY") ?? "").toLowerCase()
      .split(/[\s,]+/)
      .filter((entry) => entry !== "" && entry.length <= MAX_ENTRY_LENGTH)
      .slice(0, MAX_DIRECT),
  };
}

/** The value is not shown: it may hold a password. */
function parseProxy(variable: string, text: string): ProxyServer {
  const refuse = (problem: string) =>
    new UsageError(
      "bad-proxy",
      `Cannot use the proxy in ${variable}: ${problem}`,
      {
        hint:
          `Expected a URL such as "http://proxy.example:3128"; unset ${variable} to do without`,
      },
    );
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null) throw refuse("it is no URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse(`"${url.protocol.slice(0, -1)}" is not spoken here`);
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw refuse("it has more than a host, a port and perhaps a password");
  }
  const tls = url.protocol === "https:";
  const { data } = proxyServerSchema.safeParse({
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
    tls,
    authorization: authorizationOf(url, refuse),
  });
  if (data === undefined) throw refuse("no server has such a host or port");
  return data;
}

function authorizationOf(
  { username, password }: URL,
  refuse: (problem: string) => UsageError,
): string | null {
  if (username === "" && password === "") return null;
  let credentials: string;
  try {
    credentials = `${decodeURIComponent(username)}:${
      decodeURIComponent(password)
    }`;
  } catch {
    throw refuse("its user name or password has a stray percent sign");
  }
  const bytes = new TextEncoder().encode(credentials);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** The proxy that a destination is reached through, if there is one. */
export function proxyFor(
  { host, port, protocol }: Destination,
  settings: ProxySettings,
): ProxyServer | undefined {
  const proxy = protocol === "http" ? settings.http : settings.others;
  if (proxy === null) return undefined;
  // No proxy can reach this machine's own loopback.
  if (kindOfHost(host) === "loopback") return undefined;
  const isDirect = settings.direct.some((entry) =>
    isCovered(host, port, entry)
  );
  return isDirect ? undefined : proxy;
}

/**
 * Whether an entry of `NO_PROXY` stands for a host: `*`, a name with all below
 * it, an address or a range; a port may follow.
 */
function isCovered(host: string, port: number, entry: string): boolean {
  if (entry === "*") return true;
  const [, place = entry, only] = /^([^:]+|\[.*\]):(\d+)$/.exec(entry) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  const name = place.replace(/^\[|\]$/g, "").replace(/^\*?\./, "");
  return new HostPatterns([name, `*.${name}`]).covering(host) !== undefined;
}
