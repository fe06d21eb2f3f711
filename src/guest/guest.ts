/**
 * What the `guest` isolate does for the main thread: it holds the connection to
 * the manager's agent, and writes the log.
 *
 * @module
 */

import type { MethodName, MethodResult } from "../shared/rpc/protocol.ts";
import type { EgressPurpose, WorkerStep } from "./session/agent_session.ts";

/** A connection of a worker, which wants to be dialed. */
export interface EgressRequest {
  purpose: EgressPurpose;
  port: MessagePort;
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
  /** Ends the connection. */
  disconnect: { params: Nothing; result: void };
};
