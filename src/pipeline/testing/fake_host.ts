/**
 * The host's side of a build in memory: an image, a workspace, disks, records,
 * connections, and a clock that stands still.
 *
 * @module
 */

import type { EgressSettings } from "../../egress/egress.ts";
import { type Finding, Findings } from "../../egress/findings.ts";
import type { DiskSettings } from "../../host/vmm.ts";
import type { Clock, Egress, Host, Log, Trees } from "../ports.ts";
import type { BuildReport } from "../report.ts";
import type { FakeDisk } from "./fake_manager.ts";

export const imageDigest = "1".repeat(64);

export class FakeHost implements Host {
  readonly seals = new Map<string, string>();
  readonly reports = new Map<string, BuildReport>();

  /** @param slots of the manager, where disks are plugged in */
  constructor(
    readonly slots: Map<string, FakeDisk>,
    readonly treesDisk: FakeDisk,
  ) {}

  checkImage(path: string, signal: AbortSignal) {
    signal.throwIfAborted();
    return Promise.resolve(
      {
        path,
        format: "raw",
        fileBytes: 4096,
        allocatedBytes: 4096,
        virtualBytes: 4096,
      } as const,
    );
  }

  digestImage(path: string, signal: AbortSignal) {
    signal.throwIfAborted();
    const fingerprint = {
      path,
      device: 1,
      inode: 1,
      bytes: 4096,
      modified: 0,
      changed: 0,
    };
    return Promise.resolve({ digest: imageDigest, fingerprint });
  }

  requireUnchangedImage(_fingerprint: unknown, signal: AbortSignal) {
    signal.throwIfAborted();
    return Promise.resolve();
  }

  attachDisk({ serial, readOnly }: DiskSettings, signal: AbortSignal) {
    signal.throwIfAborted();
    if (this.slots.has(serial)) throw new Error(`${serial} is there already`);
    this.slots.set(serial, readOnly ? {} : this.treesDisk);
    return Promise.resolve();
  }

  detachDisk(serial: string) {
    this.slots.delete(serial);
    return Promise.resolve();
  }

  readSeal(name: string) {
    return Promise.resolve(this.seals.get(name) ?? null);
  }

  noteSeal(name: string, seal: string) {
    this.seals.set(name, seal);
    return Promise.resolve();
  }

  writeReport(path: string, report: BuildReport) {
    this.reports.set(path, structuredClone(report));
    return Promise.resolve();
  }
}

/** A source and a workspace, each a text. */
export class FakeTrees implements Trees {
  source = "source";
  workspace: string | undefined;
  /** What the packer had to leave out. */
  packNotes: string[] = [];
  exportNotes: string[] = [];
  /** Where the earlier workspace was kept. */
  kept: string | undefined;
  #unpacked: string | undefined;

  constructor(readonly disk: FakeDisk) {}

  takeStock() {
    return Promise.resolve();
  }

  pack(
    { hasWorkspace }: Parameters<Trees["pack"]>[0],
    signal: AbortSignal,
  ) {
    signal.throwIfAborted();
    if (hasWorkspace && this.workspace === undefined) {
      throw new Error("There is no workspace");
    }
    this.disk.packed = this.source;
    const manifest = {
      files: new Set<string>(),
      directories: new Set<string>(),
    };
    return Promise.resolve({
      exportOffset: 1024 ** 2,
      allocatedBytes: 4096,
      notes: this.packNotes,
      manifest,
    });
  }

  requireExportRoom() {
    return Promise.resolve();
  }

  unpack(_params: unknown, signal: AbortSignal) {
    signal.throwIfAborted();
    this.#unpacked = this.disk.archive;
    return Promise.resolve({
      entries: 1,
      bytes: this.#unpacked?.length ?? 0,
      skipped: [],
      skippedCount: 0,
      leftOut: { count: 0, programs: [], first: [] },
      links: [],
      directoryTimes: [],
    });
  }

  keep(
    { unpacked }: Parameters<Trees["keep"]>[0],
    signal: AbortSignal,
  ) {
    signal.throwIfAborted();
    if (this.#unpacked === undefined) throw new Error("Nothing is unpacked");
    this.workspace = this.#unpacked;
    const { entries, bytes, leftOut } = unpacked;
    const notes = [...this.exportNotes];
    return Promise.resolve({ entries, bytes, notes, leftOut, kept: this.kept });
  }
}

/** Connections of workers; nothing is dialed, what is found is told. */
export class FakeEgress implements Egress {
  readonly findings = new Findings();
  settings: EgressSettings | undefined;
  relays = 0;
  watches = 0;
  /** A dialed connection fails. */
  fail: (error: unknown) => void = () => {};

  configure(settings: EgressSettings) {
    this.settings = settings;
    return Promise.resolve();
  }

  async relay(onFailure: (error: unknown) => void, signal: AbortSignal) {
    this.fail = onFailure;
    this.relays++;
    await aborted(signal);
    this.relays--;
  }

  async watch(onFinding: (finding: Finding) => void, signal: AbortSignal) {
    this.watches++;
    await this.findings.watch(onFinding, signal);
    this.watches--;
  }

  verdict() {
    return Promise.resolve(this.findings.read());
  }

  usage() {
    const rule = { host: "a.example", port: 443, protocol: "https" } as const;
    return Promise.resolve([
      { rule, connections: 1, bytesToHost: 10, bytesFromHost: 200 },
      { rule, connections: 1, bytesToHost: 1, bytesFromHost: 2 },
    ]);
  }
}

export class FakeLog implements Log {
  isOpen = false;

  open() {
    this.isOpen = true;
    return Promise.resolve();
  }

  close() {
    this.isOpen = false;
    return Promise.resolve(6);
  }
}

/** Stands still unless it is advanced. */
export class FakeClock implements Clock {
  #time = 1_000;
  readonly #waiting = new Set<{ at: number; wake: () => void }>();

  /** Pauses that have not ended. */
  get pauses(): number {
    return this.#waiting.size;
  }

  now() {
    return Date.UTC(2026, 0, 1) + this.#time;
  }

  elapsed() {
    return this.#time;
  }

  async pause(ms: number, signal: AbortSignal) {
    const woken = Promise.withResolvers<void>();
    const pause = { at: this.#time + ms, wake: woken.resolve };
    this.#waiting.add(pause);
    await Promise.race([woken.promise, aborted(signal)]);
    this.#waiting.delete(pause);
  }

  timeout() {
    return new AbortController().signal;
  }

  advance(ms: number) {
    this.#time += ms;
    for (const { at, wake } of this.#waiting) if (at <= this.#time) wake();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
