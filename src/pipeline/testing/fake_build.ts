/**
 * Whole builds without virtual machines: the ports' stand-ins put together, a
 * trace of what is asked of them, and a way to interfere at any of it.
 *
 * @module
 */

import { applyConfig } from "../../config/apply_config.ts";
import { emptyUserConfig, type UserConfig } from "../../config/user_config.ts";
import { noProxy } from "../../egress/proxy_settings.ts";
import { parseBuildSpec } from "../../spec/parse.ts";
import { conductBuild } from "../conductor.ts";
import type { BuildEvent } from "../events.ts";
import type { Ports } from "../ports.ts";
import type { BuildReport } from "../report.ts";
import {
  FakeClock,
  FakeEgress,
  FakeHost,
  FakeLog,
  FakeTrees,
} from "./fake_host.ts";
import { type FakeDisk, FakeManager } from "./fake_manager.ts";

const BUILD = "b1";
const REPORT = "/state/report.json";

/** A build spec without `ansible`, and the plays of one with it. */
export const plainSpec = `
worker-image: worker.img
source: src
workspace: ws
build: make
`;
export const plays = "ansible: [{ hosts: worker, tasks: [{ ping: {} }] }]\n";

/** How a build ended, and what it did. */
export interface Built {
  exitCode: number;
  events: BuildEvent[];
  report: BuildReport | undefined;
  /** What the ports were asked for, in order. */
  trace: string[];
}

export interface FakeBuildOptions {
  spec?: string;
  config?: Partial<UserConfig>;
  learn?: boolean;
  useCache?: boolean;
}

type AnyMethod = (...args: never[]) => Promise<unknown>;

export class FakeBuild {
  readonly manager = new FakeManager();
  readonly #disk: FakeDisk = {};
  readonly trees = new FakeTrees(this.#disk);
  readonly host = new FakeHost(this.manager.disks, this.#disk);
  readonly egress = new FakeEgress();
  readonly log = new FakeLog();
  readonly clock = new FakeClock();
  readonly interruption = new AbortController();
  readonly events: BuildEvent[] = [];
  readonly #trace: string[] = [];
  /** Called before anything is asked of a port, with its place in the trace. */
  interfere: (call: string, place: number) => unknown = () => {};

  constructor(readonly options: FakeBuildOptions = {}) {
    this.trees.workspace = "earlier";
  }

  async run(): Promise<Built> {
    const { spec = plainSpec, config, learn = false, useCache = true } =
      this.options;
    const configured = applyConfig({
      path: "/project/build.yaml",
      digest: "2".repeat(64),
      ...parseBuildSpec(spec, "/project/build.yaml"),
    }, { ...emptyUserConfig, ...config });
    const exitCode = await conductBuild({
      id: BUILD,
      project: { ...configured, project: "/project", outside: [] },
      useCache,
      learn,
      proxy: noProxy,
      staging: "/staging",
      log: "/state/log.txt",
      report: REPORT,
      hasWorkspace: this.trees.workspace !== undefined,
      notes: [],
    }, {
      ports: this.ports,
      onEvent: (event) => this.events.push(event),
      signal: this.interruption.signal,
    });
    const { events } = this;
    const report = this.host.reports.get(REPORT);
    return { exitCode, events, report, trace: this.#trace };
  }

  get ports(): Ports {
    return {
      manager: this.#traced(this.manager, {
        connect: () => "manager.connect",
      }),
      agent: this.#traced(this.manager, {
        call: (method: string, params: { phase?: string }) =>
          params.phase ? `${method} ${params.phase}` : method,
        runStep: (_worker: string, step: { kind: string }) =>
          `worker.run ${step.kind}`,
        disconnect: () => "disconnect",
      }),
      host: this.#traced(this.host, {
        checkImage: () => "checkImage",
        digestImage: () => "digestImage",
        requireUnchangedImage: () => "requireUnchangedImage",
        attachDisk: ({ serial }: { serial: string }) => `attachDisk ${serial}`,
        detachDisk: (serial: string) => `detachDisk ${serial}`,
        readSeal: () => "readSeal",
        noteSeal: () => "noteSeal",
        writeReport: () => "writeReport",
      }),
      trees: this.#traced(this.trees, {
        takeStock: () => "takeStock",
        pack: () => "pack",
        requireExportRoom: () => "requireExportRoom",
        unpack: () => "unpack",
        keep: () => "keep",
      }),
      egress: this.#traced(this.egress, {
        configure: ({ rules }: { rules: unknown[] }) => `allow ${rules.length}`,
        verdict: () => "verdict of host",
        usage: () => "usage",
      }),
      log: this.#traced(this.log, {
        open: () => "openLog",
        close: () => "closeLog",
      }),
      clock: this.clock,
    };
  }

  /** What the build has left, which should be nothing. */
  leftOpen(): string[] {
    return Object.entries({
      "connection": this.manager.isConnected,
      "build": this.manager.builds.size > 0,
      "disk": this.manager.disks.size > 0,
      "supervision": this.manager.supervisions > 0,
      "relay": this.egress.relays > 0,
      "watch": this.egress.watches > 0,
      "log": this.log.isOpen,
      "heartbeat": this.clock.pauses > 0,
    }).filter(([, isOpen]) => isOpen).map(([name]) => name);
  }

  #traced<T extends object>(
    port: T,
    names: { [M in keyof T]?: (...args: never[]) => string },
  ): T {
    return new Proxy(port, {
      get: (target, key) => {
        const method = Reflect.get(target, key) as AnyMethod;
        const name = names[key as keyof T];
        if (name === undefined) return method.bind(target);
        return async (...args: never[]) => {
          const call = name(...args);
          await this.interfere(call, this.#trace.push(call) - 1);
          return await method.apply(target, args);
        };
      },
    });
  }
}

/** Events in few words. */
export function outline(events: readonly BuildEvent[]): string[] {
  return events.flatMap((event) => {
    switch (event.type) {
      case "phase-end":
        return `${event.phase} ${event.outcome}`;
      case "note":
        return `note: ${event.message}`;
      case "log":
        return `log: ${event.text.trim()}`;
      case "learned":
        return event.yaml.trimEnd().split("\n");
      default:
        return [];
    }
  });
}
