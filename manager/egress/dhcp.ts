/**
 * Gives a worker its one address, by a dnsmasq that does nothing else.
 *
 * @module
 */

import { killProcess, startDaemon } from "../commands.ts";
import type { Link } from "./network.ts";

/** Arguments of the dnsmasq that serves a link. */
export function dhcpArguments(link: Link): string[] {
  return [
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--port=0",
    `--interface=${link.tap}`,
    "--except-interface=lo",
    "--bind-interfaces",
    `--dhcp-range=${link.worker},${link.worker},255.255.255.252,infinite`,
    `--dhcp-host=${link.mac},${link.worker}`,
    `--dhcp-option=option:router,${link.gateway}`,
    `--dhcp-option=option:dns-server,${link.gateway}`,
    "--dhcp-authoritative",
    "--leasefile-ro",
    "--no-ping",
    "--no-hosts",
    "--no-resolv",
    "--pid-file",
    "--quiet-dhcp",
    "--log-facility=-",
  ];
}

/** Serves a link until it is closed. */
export class DhcpServer {
  readonly #child: Deno.ChildProcess;

  constructor(link: Link) {
    this.#child = startDaemon("dnsmasq", dhcpArguments(link));
  }

  async close(): Promise<void> {
    killProcess(this.#child);
    await this.#child.status;
  }
}
