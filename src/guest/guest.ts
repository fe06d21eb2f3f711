/**
 * What the `guest` isolate does for the main thread: everything that touches
 * bytes of a guest. It holds the connection to the manager's agent.
 *
 * @module
 */

import type {
  MethodName,
  MethodParams,
  MethodResult,
} from "../rpc/protocol.ts";
import type { Link } from "./linker.ts";
import type { EgressPurpose, WorkerStep } from "./manager_session.ts";
import type { UnpackLimits } from "./member_policy.ts";
import type { Trees } from "./source_manifest.ts";

export interface PackedTree {
  entries: number;
  /** Size of the disk. */
  bytes: number;
  /** Entries that were left out, and why. */
  notes: string[];
}

export interface ExportedTree {
  entries: number;
  /** Sum of the files' sizes. */
  bytes: number;
  notes: string[];
}

/** A connection of a worker, which wants to be dialed. */
export interface EgressRequest {
  purpose: EgressPurpose;
  port: MessagePort;
}

/** Symlinks to create, and the port on which to say that it was done. */
export interface LinkRequest {
  root: string;
  links: Link[];
}

type Nothing = Record<string, never>;

export type GuestApi = {
  /** Connects to the agent through an RPC port's socket. */
  connect: {
    params: { socket: string; timeoutMs: number };
    result: MethodResult<"manager.hello">;
  };
  /** Calls a method of the agent. */
  request: {
    params: { method: MethodName; params: unknown };
    result: unknown;
  };
  /** Goes on for as long as connections of workers are to be dialed. */
  relayEgress: { params: Nothing; result: void; event: EgressRequest };
  openLog: { params: { path: string; limit: number }; result: void };
  /** Runs a step in a worker; what it prints goes to the log and the events. */
  runStep: {
    params: { worker: string; step: WorkerStep };
    result: { exitCode: number };
    event: { text: string };
  };
  /** Ends the log and says how many bytes the worker printed. */
  closeLog: { params: Nothing; result: { bytes: number } };
  /** Packs the source, and remembers what it holds. */
  packSource: {
    params: { trees: Trees; output: string; maxBytes: number };
    result: PackedTree;
  };
  /**
   * Packs what is kept of the previous workspace; after `packSource`, and with
   * room for both.
   */
  packWorkspace: {
    params: { workspace: string; output: string; maxBytes: number };
    result: PackedTree;
  };
  /**
   * Unpacks a worker's archive and puts it in the workspace's place. The port
   * that is handed over takes `LinkRequest`s and answers each with null, or
   * with a message.
   */
  exportWorkspace: {
    params: {
      archive: string;
      workspace: string;
      build: string;
      limits: UnpackLimits;
      linker: MessagePort;
    };
    result: ExportedTree;
  };
  /**
   * Fails if the worker wrote the export disk to its end.
   *
   * @throws {LimitExceededError} `workspace-too-large`
   */
  requireExportRoom: {
    params: { archive: string; allowed: number };
    result: void;
  };
  writeReport: { params: { path: string; report: unknown }; result: void };
  /** Ends the connection. */
  disconnect: { params: Nothing; result: void };
};

export type RequestParams<M extends MethodName> = MethodParams<M>;
