import { EnvironmentError } from "../shared/errors.ts";
import type { EventOf, IsolateMethods, Request, Response } from "./messages.ts";
import { fromWireError, toWireError } from "./wire_error.ts";

export interface IsolateOptions {
  /** The isolate's module: `new URL("./x.isolate.ts", import.meta.url)`. */
  url: URL;
  name: string;
  /** A subset of the permissions of whoever spawns it. */
  permissions: Deno.PermissionOptions;
}

export interface IsolateCallOptions<Event> {
  /** Aborts the handler's signal; the call still waits for its answer. */
  signal?: AbortSignal;
  /** Whoever emits may wait until what this returns has settled. */
  onEvent?: (event: Event) => unknown;
  /** What is handed over rather than copied, such as message ports. */
  transfer?: Transferable[];
}

/** A thread of its own, with permissions of its own. */
export interface IsolateThread {
  readonly name: string;
  /**
   * Resolves once its modules are loaded: until then, they are read with the
   * permissions of whoever spawned it.
   */
  readonly started: Promise<void>;
  /** Ends the thread at once; calls under way reject. */
  terminate(): void;
}

/** An isolate that serves these methods. */
export interface Isolate<Api extends IsolateMethods<Api>>
  extends IsolateThread {
  /** Calls a method; waits until the isolate has started, if need be. */
  call<M extends keyof Api & string>(
    method: M,
    params: Api[M]["params"],
    options?: IsolateCallOptions<EventOf<Api[M]>>,
  ): Promise<Api[M]["result"]>;
}

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onEvent: ((event: never) => unknown) | undefined;
}

class SpawnedIsolate<Api extends IsolateMethods<Api>> implements Isolate<Api> {
  readonly name: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, PendingCall>();
  readonly #ready = Promise.withResolvers<void>();
  #calls = 0;
  #ended: EnvironmentError | undefined;

  constructor({ url, name, permissions }: IsolateOptions) {
    this.name = name;
    this.#ready.promise.catch(() => {});
    this.#worker = new Worker(url, {
      type: "module",
      name,
      deno: { permissions },
    });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onmessageerror = () =>
      this.#crash("what it sent cannot be read");
    this.#worker.onerror = (event) => {
      // Otherwise the error would end the whole process.
      event.preventDefault();
      this.#crash(event.message);
    };
  }

  get started(): Promise<void> {
    return this.#ready.promise;
  }

  async call<M extends keyof Api & string>(
    method: M,
    params: Api[M]["params"],
    options: IsolateCallOptions<EventOf<Api[M]>> = {},
  ): Promise<Api[M]["result"]> {
    const { signal, onEvent, transfer = [] } = options;
    const id = this.#calls++;
    const answer = Promise.withResolvers<unknown>();
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    this.#pending.set(id, { ...answer, onEvent });
    const cancel = () => {
      const reason = toWireError(signal?.reason);
      this.#post({ kind: "cancel", id, reason }, []);
    };
    try {
      await Promise.race([this.#ready.promise, answer.promise]);
      signal?.throwIfAborted();
      this.#post({ kind: "call", id, method, params }, transfer);
      signal?.addEventListener("abort", cancel, { once: true });
      return await answer.promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener("abort", cancel);
    }
  }

  terminate(): void {
    this.#end(
      new EnvironmentError(
        "isolate-terminated",
        `The isolate "${this.name}" was terminated`,
      ),
    );
  }

  #post(message: Request, transfer: Transferable[]): void {
    if (!this.#ended) this.#worker.postMessage(message, transfer);
  }

  #receive(message: Response): void {
    if (message.kind === "ready") return this.#ready.resolve();
    if (message.kind === "crash") return this.#crash(message.error.message);
    const call = this.#pending.get(message.id);
    switch (message.kind) {
      case "event":
        return void this.#tell(message.id, call, message);
      case "result":
        return call?.resolve(message.result);
      case "error":
        return call?.reject(fromWireError(message.error));
    }
  }

  /** A listener that throws fails its own call, not the process. */
  async #tell(
    id: number,
    call: PendingCall | undefined,
    { event, number }: { event: unknown; number: number },
  ): Promise<void> {
    try {
      await call?.onEvent?.(event as never);
    } catch (error) {
      this.#post({ kind: "cancel", id, reason: toWireError(error) }, []);
      call?.reject(error);
    } finally {
      this.#post({ kind: "heard", event: number }, []);
    }
  }

  #crash(message: string): void {
    this.#end(
      new EnvironmentError(
        "isolate-crashed",
        `The isolate "${this.name}" crashed: ${message}`,
      ),
    );
  }

  #end(error: EnvironmentError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#worker.terminate();
    this.#ready.reject(error);
    for (const call of this.#pending.values()) call.reject(error);
  }
}

/** Starts an isolate; its module calls `serveIsolate`. */
export function spawnIsolate<Api extends IsolateMethods<Api>>(
  options: IsolateOptions,
): Isolate<Api> {
  return new SpawnedIsolate<Api>(options);
}
