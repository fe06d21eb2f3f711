/**
 * All that a worker with a network card can reach: its link, DHCP, DNS and the
 * gateway. What it tries beyond that is noted.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import { Allowlist } from "../../src/shared/network/allowlist.ts";
import type { EgressRule } from "../../src/shared/network/egress_rule.ts";
import {
  protocolNames,
  protocols,
} from "../../src/shared/network/protocols.ts";
import type { Refusal } from "../../src/shared/rpc/verdict.ts";
import type { SeenAttempt } from "../builds/attempts.ts";
import type { NetworkBudget } from "./carry.ts";
import { DhcpServer } from "./dhcp.ts";
import { DnsServer } from "./dns.ts";
import type { Resolution } from "./dns_answer.ts";
import { Gateway, type OpenEgress, type ServedHost } from "./gateway.ts";
import type { Refused } from "./inspection/inspector.ts";
import { showName } from "./inspection/shown_name.ts";
import type { Network, OpenLink } from "./network.ts";
import { PacketCapture } from "./packet_capture.ts";
import { describePacket } from "./packet_facts.ts";
import type { LoggedPacket } from "./packet_log.ts";
import { SyntheticAddresses } from "./synthetic_addresses.ts";
import { WildcardNames } from "./wildcard_names.ts";

/** Where a name that is learnt can be reached from the start. */
const learntProtocols = protocolNames.map((protocol) => ({
  protocol,
  port: protocols[protocol].port,
}));

/** How long the capture may take to tell of a packet that was counted. */
const CAPTURE_PATIENCE_MS = 400;

const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** What a build makes of its worker's network. */
export interface NetworkUser {
  open: OpenEgress;
  budget: NetworkBudget;
  /** Also let the worker reach names that no rule allows. */
  learn: boolean;
  /** Told of what the worker tried; of all of it once it is judged. */
  onAttempt(attempt: SeenAttempt, times?: number): void;
}

/** The network of one worker; nothing is allowed and nothing judged at first. */
export class WorkerNetwork {
  readonly #links: Network;
  readonly #open: OpenLink;
  readonly #addresses: SyntheticAddresses;
  readonly #gateway: Gateway;
  readonly #wildcardNames = new WildcardNames();
  readonly #cleanUps: (() => void | Promise<void>)[] = [];
  #user: NetworkUser | undefined;
  #allowlist = new Allowlist();
  /** Names that the gateway listens for. */
  readonly #served = new Set<string>();
  #judged = false;
  /** Told once something was refused before the worker was judged. */
  readonly #disturbance = new AbortController();
  /** Refused packets before the worker was judged, and those noted since. */
  #unjudgedPackets = 0;
  #notedPackets = 0;

  private constructor(links: Network, open: OpenLink) {
    this.#links = links;
    this.#open = open;
    this.#addresses = new SyntheticAddresses(open.link.number);
    this.#gateway = new Gateway({
      client: open.link.worker,
      open: (rule, host) => this.#requireUser().open(rule, host),
      budget: {
        passNetwork: (bytes) => this.#requireUser().budget.passNetwork(bytes),
      },
      onRefused: (destination, refused) =>
        this.#onRefusedConnection(destination, refused),
    });
  }

  /** Creates a link and serves it. @throws {AgentError} `no-capacity` */
  static async start(links: Network): Promise<WorkerNetwork> {
    const open = await links.addLink();
    if (open === undefined) {
      throw new AgentError("no-capacity", "All network links are taken");
    }
    const worker = new WorkerNetwork(links, open);
    try {
      await worker.#serve();
    } catch (error) {
      await worker.close();
      throw error;
    }
    return worker;
  }

  /** From now on it serves a build's worker. */
  assign(user: NetworkUser): void {
    this.#user = user;
  }

  /** Number of its link. */
  get link(): number {
    return this.#open.link.number;
  }

  /** Aborts when something was refused before the worker was judged. */
  get disturbance(): AbortSignal {
    return this.#disturbance.signal;
  }

  /** Whether nothing was refused before the worker was judged. */
  async isQuiet(): Promise<boolean> {
    return !this.#disturbance.signal.aborted &&
      await this.#open.filter.refused() === 0;
  }

  /** The worker's end of the link. */
  get card(): { tap: string; mac: string } {
    const { tap, mac } = this.#open.link;
    return { tap, mac };
  }

  /**
   * Replaces the allowlist, and holds against the worker what else it tries
   * from now on; connections that are open end.
   */
  async allow(rules: readonly EgressRule[]): Promise<void> {
    this.#gateway.clear();
    this.#served.clear();
    this.#allowlist = new Allowlist(rules);
    const destinations = this.#allowlist.names.flatMap((name) =>
      this.#listen(name, this.#allowlist.rulesFor(name))
    );
    const literals = new Map(
      destinations.filter(({ host }) => ipv4.test(host))
        .map(({ host, address }) => [host, address]),
    );
    await this.#open.filter.replace(
      destinations.map(({ host, address, rule }) => ({
        address: literals.has(host) ? host : address,
        port: rule.port,
      })),
      literals,
    );
    if (this.#judged) return;
    this.#unjudgedPackets = await this.#open.filter.refused();
    this.#judged = true;
  }

  /**
   * Notes packets that were refused but not seen one by one. Exact once the
   * worker has ended.
   */
  async settle(): Promise<void> {
    if (!this.#judged) return;
    const refused = await this.#open.filter.refused() - this.#unjudgedPackets;
    const deadline = performance.now() + CAPTURE_PATIENCE_MS;
    while (this.#notedPackets < refused && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const missed = refused - this.#notedPackets;
    if (missed <= 0) return;
    this.#notedPackets += missed;
    this.#requireUser().onAttempt({
      protocol: "other",
      refusal: "packet-not-allowed",
      host: null,
      address: null,
      port: null,
      content: null,
      claimed: null,
    }, missed);
  }

  /** Removes all of it. */
  async close(): Promise<void> {
    this.#gateway.clear();
    for (const cleanUp of this.#cleanUps.reverse()) await cleanUp();
    await this.#links.removeLink(this.#open);
  }

  #requireUser(): NetworkUser {
    if (this.#user === undefined) throw new Error("The network has no user");
    return this.#user;
  }

  async #serve(): Promise<void> {
    const { link } = this.#open;
    const capture = new PacketCapture(link, (packet) => this.#onPacket(packet));
    this.#cleanUps.push(() => capture.close());
    const dhcp = new DhcpServer(link);
    this.#cleanUps.push(() => dhcp.close());
    const dns = await DnsServer.start({
      address: link.gateway,
      client: link.worker,
      names: {
        resolve: (name) => this.#resolve(name),
        nameOf: (address) => this.#nameOf(address),
        onRefused: (name, refusal) => this.#onRefusedName(name, refusal),
      },
    });
    this.#cleanUps.push(() => dns.close());
  }

  /** The address of an allowed name, listened on for each of its ports. */
  async #resolve(name: string): Promise<Resolution> {
    let rules = this.#allowlist.rulesFor(name);
    if (rules.length === 0) {
      if (!this.#user?.learn || !this.#judged || !name.includes(".")) {
        return { refusal: "name-not-allowed" };
      }
      rules = learntProtocols.map((known) => ({ host: name, ...known }));
    }
    const wildcard = this.#allowlist.wildcardFor(name);
    if (
      wildcard !== undefined && !this.#wildcardNames.admit(name, wildcard)
    ) return { refusal: "too-many-names" };
    const known = this.#addresses.find(name);
    if (known !== undefined && this.#served.has(name)) {
      return { address: known };
    }
    const destinations = this.#listen(name, rules);
    const [first] = destinations;
    if (first === undefined) return { refusal: "too-many-names" };
    await this.#open.filter.add(
      destinations.map(({ address, rule }) => ({ address, port: rule.port })),
    );
    return { address: first.address };
  }

  /** Listens for a name; gives what is listened for. */
  #listen(name: string, rules: readonly EgressRule[]): ServedHost[] {
    const address = this.#addresses.addressOf(name);
    if (address === undefined) return [];
    this.#served.add(name);
    return rules.map((rule) => ({ address, host: name, rule }))
      .filter((destination) => this.#gateway.listen(destination));
  }

  #nameOf(address: string): string | undefined {
    const { gateway, worker } = this.#open.link;
    if (address === gateway) return "gateway";
    if (address === worker) return "worker";
    return this.#addresses.nameOf(address);
  }

  #onPacket(packet: LoggedPacket): void {
    if (!this.#judged) {
      this.#disturbance.abort();
      return;
    }
    const facts = describePacket(packet);
    const { protocol, address, port } = facts;
    const host = address === null ? undefined : this.#addresses.nameOf(address);
    this.#notedPackets++;
    if (
      this.#user?.learn && protocol === "tcp" && port !== null &&
      host !== undefined && !ipv4.test(host)
    ) {
      this.#learnPort(host, port);
      return;
    }
    this.#requireUser().onAttempt({
      ...facts,
      refusal: protocol === "tcp" || protocol === "udp" || protocol === "dns"
        ? "destination-not-allowed"
        : "packet-not-allowed",
      host: host === undefined ? null : showName(host),
      claimed: null,
    });
  }

  /** The worker's kernel asks again a second later, and is served then. */
  async #learnPort(host: string, port: number): Promise<void> {
    try {
      const rule: EgressRule = { host, port, protocol: "tcp" };
      const endpoints = this.#listen(host, [rule])
        .map(({ address }) => ({ address, port }));
      await this.#open.filter.add(endpoints);
    } catch (error) {
      console.error(`cannot listen for ${host}:${port}:`, error);
    }
  }

  #onRefusedName(name: string, refusal: Refusal): void {
    if (!this.#judged) {
      this.#disturbance.abort();
      return;
    }
    const isQuestion = refusal !== "wrong-protocol";
    this.#requireUser().onAttempt({
      protocol: "dns",
      refusal,
      host: isQuestion ? showName(name) : null,
      address: null,
      port: 53,
      content: isQuestion ? "dns" : "binary",
      claimed: null,
    });
  }

  #onRefusedConnection(
    { rule, host }: ServedHost,
    { refusal, content, claimed }: Refused,
  ): void {
    const { protocol, port } = rule;
    this.#requireUser().onAttempt({
      ...{ protocol, refusal, content, claimed, port },
      host: showName(host),
      address: null,
    });
  }
}
