/**
 * Moves the bytes of a worker's log port to whoever listens.
 *
 * @module
 */

/**
 * Takes log bytes; the port is not read further until it resolves, and never
 * again if it resolves to false.
 */
export type LogSink = (bytes: Uint8Array) => Promise<boolean>;

/**
 * How long the port must be silent to count as drained. What a script printed
 * is in the socket when its end is told, since one queue of QEMU's serves both
 * ports in turn.
 */
const QUIET_MILLISECONDS = 40;

/** A process that outlives its step may never be silent. */
const MAX_DRAIN_MILLISECONDS = 10_000;

/** Most that is read at once, so also most that a log goes beyond its limit. */
const BUFFER_BYTES = 64 * 1024;

/** Reads a log port for the worker's whole life. */
export class LogPump {
  readonly #read: (buffer: Uint8Array) => Promise<number | null>;
  readonly #done: Promise<void>;
  #sink: LogSink | undefined;
  #ended = false;
  /** When the read that is under way began; undefined while writing. */
  #readingSince: number | undefined;

  constructor(connection: {
    read(buffer: Uint8Array): Promise<number | null>;
  }) {
    this.#read = (buffer) => connection.read(buffer);
    this.#done = this.#pump();
  }

  /** Directs what comes from now on to the sink; without one it is lost. */
  direct(sink: LogSink | undefined): void {
    this.#sink = sink;
  }

  /** Resolves when the port has ended. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Resolves when the port has been silent for a moment, or has ended. */
  async drained(): Promise<void> {
    const start = performance.now();
    while (
      !this.#ended && performance.now() - start < MAX_DRAIN_MILLISECONDS
    ) {
      const since = Math.max(start, this.#readingSince ?? Infinity);
      const left = QUIET_MILLISECONDS - (performance.now() - since);
      if (left <= 0) return;
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(left + 1, QUIET_MILLISECONDS))
      );
    }
  }

  async #pump(): Promise<void> {
    const buffer = new Uint8Array(BUFFER_BYTES);
    try {
      while (true) {
        this.#readingSince = performance.now();
        const size = await this.#read(buffer);
        this.#readingSince = undefined;
        if (size === null) break;
        const sink = this.#sink;
        if (sink === undefined) continue;
        try {
          if (!await sink(buffer.slice(0, size))) break;
        } catch {
          // The listener is gone; a worker that cannot write would hang.
          if (this.#sink === sink) this.#sink = undefined;
        }
      }
    } catch {
      // The socket was closed under the read.
    } finally {
      this.#ended = true;
    }
  }
}
