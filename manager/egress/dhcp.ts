/**
 * Gives a worker its one address, by a dnsmasq that does nothing else.
 *
 * @module
 */

import { killProcess, startDaemon } from "../system/commands.ts";
import { confine, confinedUsers, CONFINER } from "../system/confinement.ts";
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
    // Else it wants to change the kernel's table of neighbours.
    "--dhcp-broadcast",
    "--leasefile-ro",
    "--no-ping",
    "--no-hosts",
    "--no-resolv",
    "--pid-file",
    "--quiet-dhcp",
    "--log-facility=-",
  ];
}

/** Several times what it takes. */
const MEMORY_BYTES = 64 * 1024 ** 2;

/** Serves a link until it is closed. */
export class DhcpServer {
  readonly #child: Deno.ChildProcess;

  constructor(link: Link) {
    const confined = confine("dnsmasq", dhcpArguments(link), {
      user: confinedUsers.dhcp,
      sockets: true,
      capability: "net_bind_service",
      memoryBytes: MEMORY_BYTES,
      fileBytes: 0,
    });
    this.#child = startDaemon(CONFINER, confined);
  }

  async close(): Promise<void> {
    killProcess(this.#child);
    await this.#child.status;
  }
}
