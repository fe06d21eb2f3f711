/**
 * A little internet on loopback. `allowed.example` is what specs allow, and
 * serves every protocol; everything else is a trap, which must never be
 * reached.
 *
 * @module
 */

import { Canary, type Serve } from "./canary.ts";
import type { NetworkMap } from "./network_map.ts";
import { echo, git, hangUp, http, sink, ssh } from "./services.ts";

/** Addresses for documentation (RFC 5737), which nobody has. */
export const allowedAddress = "192.0.2.10";
export const trapAddress = "192.0.2.66";

const services: Record<number, Serve> = {
  22: ssh,
  80: http,
  443: hangUp,
  7000: echo,
  9418: git,
};

/** Where a trap is, on the ports that the attacks try. */
const trapAddresses = [
  ...[
    trapAddress,
    "192.0.2.67",
    "192.0.2.68",
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "8.8.8.8",
  ],
];
const trapPorts = [22, 53, 80, 443, 853];

export class FakeInternet implements AsyncDisposable {
  readonly #canaries = new Map<string, Canary>();
  /** Also those whose place another one took. */
  readonly #opened: Canary[] = [];
  readonly #answers: NetworkMap["answers"] = {
    "allowed.example": [[allowedAddress]],
    "*.wild.example": [[allowedAddress]],
    "evil.example": [[trapAddress]],
  };
  readonly #delays: NonNullable<NetworkMap["delays"]> = {};
  /** What must see nothing. */
  readonly trap: Canary = new Canary(sink);

  constructor() {
    for (const [port, serve] of Object.entries(services)) {
      this.serve(`${allowedAddress}:${port}`, serve);
    }
    for (const address of trapAddresses) {
      for (const port of trapPorts) {
        this.#canaries.set(`${address}:${port}`, this.trap);
      }
    }
  }

  /** Has a canary answer at `ADDRESS:PORT`, in the place of an earlier one. */
  serve(place: string, serve: Serve): Canary {
    const canary = new Canary(serve);
    this.#opened.push(canary);
    this.#canaries.set(place, canary);
    return canary;
  }

  /** The answers that look-ups of a name get, one after another. */
  answer(name: string, ...answers: string[][]): void {
    this.#answers[name] = answers;
  }

  /** Has all look-ups of a name take this long. */
  delay(name: string, milliseconds: number): void {
    this.#delays[name] = milliseconds;
  }

  /** The canary of `allowed.example` at a port. */
  allowed(port: number): Canary {
    const canary = this.#canaries.get(`${allowedAddress}:${port}`);
    if (canary === undefined) throw new Error(`no canary at port ${port}`);
    return canary;
  }

  /** For the harness's command line. */
  get encoded(): string {
    const ports = [...this.#canaries].map(([place, { port }]) => [place, port]);
    const map: NetworkMap = {
      answers: this.#answers,
      delays: this.#delays,
      ports: Object.fromEntries(ports),
    };
    return JSON.stringify(map);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const canary of [...this.#opened, this.trap]) {
      await canary[Symbol.asyncDispose]();
    }
  }
}
