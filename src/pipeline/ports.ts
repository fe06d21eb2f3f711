/**
 * All that a build works with besides its own decisions, each behind a plain
 * interface: the threads of a real build are behind them, and small stand-ins
 * in tests.
 *
 * @module
 */

import type { EgressSettings } from "../egress/egress.ts";
import type { Finding } from "../egress/findings.ts";
import type { RuleUsage } from "../egress/usage_meter.ts";
import type { ExportedTree, KeeperApi } from "../guest/keeper.ts";
import type { WorkerStep } from "../guest/session/agent_session.ts";
import type { PackedTrees, PackerApi } from "../guest/packer.ts";
import type { UnpackedTree } from "../guest/trees/unpacked_tree.ts";
import type { UnpackerApi } from "../guest/unpacker.ts";
import type {
  DiskSettings,
  Fingerprint,
  WorkerImage,
  WorkerImageDigest,
} from "../host/vmm.ts";
import type { ConnectedManager } from "../manage/connect.ts";
import type { Supervision } from "../manage/supervise.ts";
import type {
  MethodName,
  MethodParams,
  MethodResult,
} from "../shared/rpc/protocol.ts";
import type { Verdict } from "../shared/rpc/verdict.ts";
import type { BuildReport } from "./report.ts";

/** The manager VM as a whole. */
export interface Manager {
  /** Starts it unless it runs, and connects to its agent. */
  connect(signal: AbortSignal): Promise<ConnectedManager>;
  /** Looks after it until that is stopped. */
  supervise(): Supervision;
}

/** The agent in the manager, once it is connected. */
export interface Agent {
  call<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    signal: AbortSignal,
  ): Promise<MethodResult<M>>;
  /** Runs a step in a worker; gives its exit status, as the worker tells it. */
  runStep(
    worker: string,
    step: WorkerStep,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<number>;
  /** Ends the connection: the agent destroys what is left of the build. */
  disconnect(): Promise<void>;
}

/** Disks, images and records of the machine that the build is started on. */
export interface Host {
  checkImage(path: string, signal: AbortSignal): Promise<WorkerImage>;
  digestImage(path: string, signal: AbortSignal): Promise<WorkerImageDigest>;
  /** Fails if the image changed since it was digested. */
  requireUnchangedImage(
    fingerprint: Fingerprint,
    signal: AbortSignal,
  ): Promise<void>;
  attachDisk(disk: DiskSettings, signal: AbortSignal): Promise<void>;
  detachDisk(serial: string): Promise<void>;
  /** The seal of a file in the manager's cache; null if none is known. */
  readSeal(name: string): Promise<string | null>;
  noteSeal(name: string, seal: string): Promise<void>;
  writeReport(path: string, report: BuildReport): Promise<void>;
}

/** The trees that travel into a worker, and the one that comes back. */
export interface Trees {
  /** Remembers what is in the workspace: what comes later is not removed. */
  takeStock(workspace: string): Promise<void>;
  /** Once: who reads the user's trees is gone before a worker's bytes come. */
  pack(
    params: PackerApi["packTrees"]["params"],
    signal: AbortSignal,
  ): Promise<PackedTrees>;
  /** Fails if the worker wrote the disk to its end. */
  requireExportRoom(
    params: UnpackerApi["requireExportRoom"]["params"],
  ): Promise<void>;
  /** Once: who reads a worker's archive is gone before links are made. */
  unpack(
    params: UnpackerApi["unpackWorkspace"]["params"],
    signal: AbortSignal,
  ): Promise<UnpackedTree>;
  /** Makes what was unpacked the workspace. */
  keep(
    params: KeeperApi["keepWorkspace"]["params"],
    signal: AbortSignal,
  ): Promise<ExportedTree>;
}

/** The connections of workers to the outside. */
export interface Egress {
  configure(settings: EgressSettings): Promise<void>;
  /** Dials for the workers until aborted. */
  relay(
    onFailure: (error: unknown) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Tells all findings, and what follows, until aborted. */
  watch(
    onFinding: (finding: Finding) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** All that was found against the build. */
  verdict(): Promise<Verdict>;
  usage(): Promise<RuleUsage[]>;
}

/** The log of what workers print. */
export interface Log {
  open(path: string, limit: number): Promise<void>;
  /** Gives how many bytes were printed. */
  close(): Promise<number>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment: these never go back. */
  elapsed(): number;
  /** Waits; at most until the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** A signal that aborts by then. */
  timeout(ms: number): AbortSignal;
}

export interface Ports {
  readonly manager: Manager;
  readonly agent: Agent;
  readonly host: Host;
  readonly trees: Trees;
  readonly egress: Egress;
  readonly log: Log;
  readonly clock: Clock;
}
