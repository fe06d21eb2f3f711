/**
 * The two ports of a runner: what it is asked and what its scripts print.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import { LogPump } from "./log_pump.ts";
import { RunnerConnection } from "./runner_connection.ts";
import { orAborted, withTimeout } from "../system/waiting.ts";
import { STATUS_NOT_RENEWED } from "./wake.ts";
import type { WorkerMachine } from "./worker_machine.ts";

/** Both connections to one machine's runner. */
export class RunnerSession {
  readonly runner: RunnerConnection;
  readonly log: LogPump;
  readonly #machine: WorkerMachine;
  readonly #logConnection: Deno.UnixConn;

  private constructor(
    machine: WorkerMachine,
    control: Deno.UnixConn,
    log: Deno.UnixConn,
  ) {
    this.#machine = machine;
    this.#logConnection = log;
    this.log = new LogPump(log);
    this.runner = new RunnerConnection(control);
  }

  /** @throws {AgentError} `worker-died` if the machine is gone */
  static async connect(machine: WorkerMachine): Promise<RunnerSession> {
    const log = await machine.connect("log");
    try {
      const control = await machine.connect("control");
      return new RunnerSession(machine, control, log);
    } catch (error) {
      log.close();
      throw error;
    }
  }

  /**
   * Waits until the runner is ready.
   *
   * @throws {AgentError} `boot-failed` if it is not in time, `worker-died` if
   * the machine ends
   */
  async ready(timeoutSeconds: number, signal: AbortSignal): Promise<void> {
    try {
      const ready = await orAborted(
        withTimeout(this.runner.ready(), timeoutSeconds),
        signal,
      );
      if (ready) return;
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== "worker-died") {
        throw error;
      }
      signal.throwIfAborted();
      throw await this.#machine.bootDeath(error);
    }
    throw await this.#machine.bootFailure(
      `The worker's runner is not ready after ${timeoutSeconds} s`,
    );
  }

  /**
   * Runs a script of the manager's own as root; what it prints is lost.
   *
   * @throws {AgentError} `boot-failed` unless it succeeds in time
   */
  async runOwn(script: string, timeoutSeconds: number): Promise<void> {
    const running = this.runner.run("root", script);
    if (!await withTimeout(running, timeoutSeconds)) {
      throw new AgentError("boot-failed", "The worker does not wake");
    }
    const status = await running;
    if (status === 0) return;
    throw new AgentError(
      "boot-failed",
      status === STATUS_NOT_RENEWED
        ? "The worker's kernel does not renew its random numbers"
        : `The worker does not wake: exit status ${status}`,
    );
  }

  /** Closes both; the worker is left alone. */
  close(): void {
    this.runner.close();
    try {
      this.#logConnection.close();
    } catch {
      // It was closed before.
    }
  }
}
