/**
 * The running capture of a link's refused packets.
 *
 * @module
 */

import { killProcess, startCapture } from "../system/commands.ts";
import { logGroup } from "./link_filter.ts";
import type { Link } from "./network.ts";
import { type LoggedPacket, readPackets } from "./packet_log.ts";

/** Captures until it is closed. */
export class PacketCapture {
  readonly #child: Deno.ChildProcess;
  readonly #done: Promise<void>;

  /** @param onPacket told of each refused packet that was logged */
  constructor(link: Link, onPacket: (packet: LoggedPacket) => void) {
    this.#child = startCapture("tcpdump", [
      ...["--interface", `nflog:${logGroup(link)}`],
      ...["-w", "-", "--packet-buffered", "--immediate-mode"],
    ]);
    // Packets are still counted without it, and found at the worker's end.
    this.#done = readPackets(this.#child.stdout, onPacket)
      .catch((error) => console.error(`capture of ${link.tap}:`, error));
  }

  async close(): Promise<void> {
    killProcess(this.#child);
    await this.#done;
    await this.#child.status;
  }
}
