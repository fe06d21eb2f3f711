import { z } from "zod";
import { EnvironmentError } from "../../shared/errors.ts";
import { parseJsonBytes } from "../../shared/rpc/json_bytes.ts";
import { LineBuffer } from "./line_buffer.ts";
import { qemuMessage } from "./qemu_message.ts";
import {
  type QmpCommand,
  type QmpEvent,
  qmpEvent,
  type QmpParameters,
  type QmpResult,
  qmpSchema,
} from "./qmp_schema.ts";

/** The longest answer is the list of block devices: some kilobytes a disk. */
const LINE_LIMIT = 4 * 1024 ** 2;

/** Events that are kept for someone who asks for them later. */
const EVENT_LIMIT = 256;

const COMMAND_TIMEOUT_MS = 15_000;

const messageSchema = z.union([
  z.object({ QMP: z.object({ version: z.unknown() }) }),
  z.object({ return: z.unknown(), id: z.int() }),
  z.object({
    error: z.object({ class: z.string(), desc: z.string() }),
    id: z.int().nullish(),
  }),
  z.object({ event: z.string().max(100), data: z.unknown().optional() }),
]);
type QmpMessage = z.infer<typeof messageSchema>;

/** What QMP is spoken over: a unix socket, or a child's standard streams. */
export interface QmpTransport {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** QEMU refused a command. */
export class QmpCommandError extends EnvironmentError {
  constructor(command: string, readonly qemuClass: string, desc: string) {
    super("qemu-refused", `QEMU refused ${command}: ${qemuMessage(desc)}`);
  }
}

interface PendingCommand {
  readonly command: string;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/**
 * A client of the QEMU Machine Protocol. QEMU serves one client at a time, so
 * whoever connects to a socket holds the lock beside it.
 */
export class QmpClient implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, PendingCommand>();
  readonly #greeting = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #events: QmpEvent[] = [];
  #onEvent: (() => void)[] = [];
  #lastId = 0;
  #failure: Error | undefined;

  private constructor(transport: QmpTransport) {
    this.#reader = transport.readable.getReader();
    this.#writer = transport.writable.getWriter();
    this.#greeting.promise.catch(() => {});
    this.#writer.closed.catch(() => {});
    void this.#receive();
  }

  /** Waits for QEMU's greeting and leaves the negotiation of capabilities. */
  static async open(
    transport: QmpTransport,
    timeout = COMMAND_TIMEOUT_MS,
  ): Promise<QmpClient> {
    const client = new QmpClient(transport);
    try {
      await within(client.#greeting.promise, timeout, "greet");
      await client.execute("qmp_capabilities", {}, timeout);
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Settles when the connection ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * Runs one of the commands that there are and parses what it returns.
   *
   * @throws {QmpCommandError} if QEMU refuses it
   */
  async execute<C extends QmpCommand>(
    command: C,
    parameters: QmpParameters<C>,
    timeout = COMMAND_TIMEOUT_MS,
  ): Promise<QmpResult<C>> {
    if (this.#failure !== undefined) throw this.#failure;
    const schema = schemaOf(command);
    const checked = schema.parameters.parse(parameters);
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, { command, ...answer });
    try {
      const line = JSON.stringify({
        execute: command,
        arguments: checked,
        id,
      });
      answer.promise.catch(() => {});
      await this.#writer.write(new TextEncoder().encode(line + "\n"))
        .catch((error) => this.#fail(connectionLost(error)));
      const value = await within(answer.promise, timeout, `answer ${command}`);
      const parsed = schema.result.safeParse(value);
      if (parsed.success) return parsed.data as QmpResult<C>;
      throw protocolError(`its answer to ${command} has an unknown shape`);
    } finally {
      this.#pending.delete(id);
    }
  }

  /** Waits for the first event, past or to come, that matches. */
  async takeEvent(
    name: QmpEvent["event"],
    matches: (data: QmpEvent["data"]) => boolean,
    timeout = COMMAND_TIMEOUT_MS,
  ): Promise<void> {
    const found = Promise.withResolvers<void>();
    const look = () => {
      const index = this.#events.findIndex((event) =>
        event.event === name && matches(event.data)
      );
      const [event] = index < 0 ? [] : this.#events.splice(index, 1);
      if (event !== undefined) found.resolve();
      else if (this.#failure !== undefined) found.reject(this.#failure);
    };
    this.#onEvent.push(look);
    look();
    try {
      await within(found.promise, timeout, `report ${name}`);
    } finally {
      this.#onEvent = this.#onEvent.filter((other) => other !== look);
    }
  }

  /** Closes the connection; QEMU goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(connectionLost());
    await this.#reader.cancel().catch(() => {});
    await this.#writer.abort().catch(() => {});
    await this.#ended.promise;
  }

  async #receive(): Promise<void> {
    const lines = new LineBuffer(LINE_LIMIT);
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        for (const line of lines.push(value)) this.#handle(parseMessage(line));
      }
      this.#fail(connectionLost());
    } catch (error) {
      this.#fail(
        error instanceof EnvironmentError ? error : connectionLost(error),
      );
      await this.#reader.cancel().catch(() => {});
      await this.#writer.abort().catch(() => {});
    } finally {
      this.#ended.resolve();
    }
  }

  #handle(message: QmpMessage): void {
    if ("QMP" in message) return this.#greeting.resolve();
    if ("event" in message) {
      const event = qmpEvent.safeParse(message);
      if (!event.success) return;
      this.#events.push(event.data);
      if (this.#events.length > EVENT_LIMIT) this.#events.shift();
      for (const look of this.#onEvent) look();
      return;
    }
    const pending = this.#pending.get(message.id ?? -1);
    if (pending === undefined) return;
    if ("return" in message) return pending.resolve(message.return);
    const { class: qemuClass, desc } = message.error;
    pending.reject(new QmpCommandError(pending.command, qemuClass, desc));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#greeting.reject(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    for (const look of this.#onEvent) look();
  }
}

/** At run time as well, whatever the type checker was told. */
function schemaOf(command: string) {
  if (Object.hasOwn(qmpSchema, command)) {
    return qmpSchema[command as QmpCommand];
  }
  throw new RangeError(`The host does not send QEMU "${command}"`);
}

function parseMessage(line: string): QmpMessage {
  try {
    const bytes = new TextEncoder().encode(line);
    return messageSchema.parse(parseJsonBytes(bytes));
  } catch {
    throw protocolError(`it sent "${qemuMessage(line.slice(0, 200))}"`);
  }
}

function protocolError(detail: string): EnvironmentError {
  return new EnvironmentError(
    "qemu-protocol",
    `Cannot understand QEMU: ${detail}`,
  );
}

function connectionLost(cause?: unknown): EnvironmentError {
  return new EnvironmentError(
    "manager-gone",
    "The manager VM ended or closed its control connection",
    { cause },
  );
}

async function within<T>(
  promise: Promise<T>,
  timeout: number,
  action: string,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new EnvironmentError(
        "manager-unresponsive",
        `QEMU did not ${action} within ${timeout / 1000} s`,
      ),
    );
  }, timeout);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
