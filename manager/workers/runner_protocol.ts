/**
 * The manager's side of the protocol with the runner in a worker. Everything
 * the runner says is untrusted: a byte out of order ends the worker.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";

/** Who a script runs as in the worker. */
export type RunnerUser = "root" | "worker";

/** What a runner may say. */
export type RunnerEvent = { kind: "ready" } | { kind: "exit"; status: number };

/** Longest line of a runner: `exit 255` and its line end, with some room. */
const MAX_LINE_BYTES = 32;

/** Lines quoted in errors are untrusted; keep them short and visible. */
function quote(line: string): string {
  return JSON.stringify(line.slice(0, 64));
}

function violation(message: string): AgentError {
  return new AgentError("runner-protocol", message);
}

/** Parses one line of the runner, without its line end. */
export function parseRunnerLine(line: string): RunnerEvent {
  if (line === "ready 1") return { kind: "ready" };
  const exit = /^exit (0|[1-9][0-9]{0,2})$/.exec(line);
  if (exit !== null) {
    const status = Number(exit[1]);
    if (status <= 255) return { kind: "exit", status };
  }
  throw violation(`Cannot understand the runner's line ${quote(line)}`);
}

/** The command that runs a script. */
export function runCommandBytes(user: RunnerUser, script: string): Uint8Array {
  const body = new TextEncoder().encode(script);
  const head = new TextEncoder().encode(`run ${user} ${body.byteLength}\n`);
  const bytes = new Uint8Array(head.byteLength + body.byteLength);
  bytes.set(head);
  bytes.set(body, head.byteLength);
  return bytes;
}

/** The command that shuts the worker down. */
export const poweroffBytes: Uint8Array = new TextEncoder().encode("poweroff\n");

/**
 * Follows the conversation: splits the runner's bytes into lines and checks
 * that each comes when it may.
 */
export class RunnerConversation {
  #state: "booting" | "idle" | "running" | "stopping" = "booting";
  #pending = "";

  get state(): "booting" | "idle" | "running" | "stopping" {
    return this.#state;
  }

  /** Notes that the manager sends `run`. */
  run(): void {
    if (this.#state !== "idle") {
      throw new AgentError("busy", `The runner is ${this.#state}`);
    }
    this.#state = "running";
  }

  /** Notes that the manager sends `poweroff`. */
  stop(): void {
    if (this.#state !== "idle") {
      throw new AgentError("busy", `The runner is ${this.#state}`);
    }
    this.#state = "stopping";
  }

  /** Takes bytes of the runner, returns what it said. */
  receive(bytes: Uint8Array): RunnerEvent[] {
    const events: RunnerEvent[] = [];
    for (const byte of bytes) {
      if (byte === 0x0a) {
        events.push(this.#line(this.#pending));
        this.#pending = "";
        continue;
      }
      if (byte < 0x20 || byte > 0x7e) {
        throw violation(`The runner sent the byte ${byte}`);
      }
      this.#pending += String.fromCharCode(byte);
      if (this.#pending.length > MAX_LINE_BYTES) {
        throw violation(
          `The runner sent a line that is too long: ${quote(this.#pending)}`,
        );
      }
    }
    return events;
  }

  #line(line: string): RunnerEvent {
    const event = parseRunnerLine(line);
    const expected = event.kind === "ready" ? "booting" : "running";
    if (this.#state !== expected) {
      throw violation(`The runner said ${quote(line)} while ${this.#state}`);
    }
    this.#state = "idle";
    return event;
  }
}
