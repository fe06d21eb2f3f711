/**
 * A connection to the runner's control port.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import {
  poweroffBytes,
  runCommandBytes,
  RunnerConversation,
  type RunnerEvent,
  type RunnerUser,
} from "./runner_protocol.ts";
import { writeAll } from "../../src/shared/rpc/write_all.ts";

/** What the connection needs of a socket. */
export interface ByteConnection {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/**
 * Talks to one runner. The control socket lives as long as the worker's QEMU,
 * so its end is the worker's end.
 */
export class RunnerConnection {
  readonly #connection: ByteConnection;
  readonly #conversation = new RunnerConversation();
  readonly #ended = Promise.withResolvers<void>();
  #waiting: PromiseWithResolvers<RunnerEvent> | undefined;
  #failure: AgentError | undefined;
  #closed = false;

  constructor(connection: ByteConnection) {
    this.#connection = connection;
    this.#expect();
    this.#receive();
  }

  /** Resolves when the worker has ended or the runner broke the protocol. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Why the connection ended, once it has. */
  get failure(): AgentError | undefined {
    return this.#failure;
  }

  /** Waits until the runner is ready. */
  async ready(): Promise<void> {
    await this.#answer();
  }

  /** Runs a script, returns its exit status. */
  async run(user: RunnerUser, script: string): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#conversation.run();
    this.#expect();
    const answer = this.#answer();
    // The answer also fails when the worker ends during the write.
    answer.catch(() => {});
    await this.#send(runCommandBytes(user, script));
    const event = await answer;
    return event.kind === "exit" ? event.status : 255;
  }

  /** Asks the runner to shut the worker down; see `ended`. */
  async poweroff(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#conversation.stop();
    await this.#send(poweroffBytes);
  }

  /** Closes the socket; the worker is left alone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  #expect(): void {
    this.#waiting = Promise.withResolvers();
    this.#waiting.promise.catch(() => {});
  }

  #answer(): Promise<RunnerEvent> {
    return this.#waiting!.promise;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#connection, bytes);
    } catch (error) {
      throw this.#failure ?? workerDied(error);
    }
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      while (true) {
        const size = await this.#connection.read(buffer);
        if (size === null) break;
        const events = this.#conversation.receive(buffer.subarray(0, size));
        for (const event of events) this.#waiting?.resolve(event);
      }
      this.#fail(workerDied());
    } catch (error) {
      this.#fail(error instanceof AgentError ? error : workerDied(error));
    }
  }

  #fail(failure: AgentError): void {
    this.#failure = failure;
    this.#waiting?.reject(failure);
    this.close();
    this.#ended.resolve();
  }
}

function workerDied(cause?: unknown): AgentError {
  return new AgentError("worker-died", "The worker ended", { cause });
}
