import { EnvironmentError } from "../shared/errors.ts";
import type { EventOf, IsolateMethods, Request, Response } from "./messages.ts";
import { fromWireError, toWireError } from "./wire_error.ts";

export interface IsolateContext<Event> {
  /** Aborted, with the caller's reason, when the caller gives up. */
  signal: AbortSignal;
  /**
   * Tells the caller's `onEvent`, handing over what is in `transfer`. Events
   * wait in memory: whoever emits what a guest can make many of has to wait.
   *
   * @returns a promise that resolves once the caller has dealt with it, however
   */
  emit(event: Event, transfer?: Transferable[]): Promise<void>;
  /** Hands these over with the result rather than copying them. */
  transfer(...objects: Transferable[]): void;
}

/** What serves each method. */
export type IsolateHandlers<Api extends IsolateMethods<Api>> = {
  [M in keyof Api]: (
    params: Api[M]["params"],
    context: IsolateContext<EventOf<Api[M]>>,
  ) => Promise<Api[M]["result"]>;
};

type AnyHandler = (
  params: unknown,
  context: IsolateContext<unknown>,
) => Promise<unknown>;

/** The global scope of a worker thread, as far as it is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: Response, transfer: Transferable[]): void;
  addEventListener(
    type: "error",
    listener: (event: ErrorEvent) => void,
  ): void;
  addEventListener(
    type: "unhandledrejection",
    listener: (event: PromiseRejectionEvent) => void,
  ): void;
}

/** Serves the methods to whoever spawned this isolate; call it once. */
export function serveIsolate<Api extends IsolateMethods<Api>>(
  handlers: IsolateHandlers<Api>,
): void {
  const scope = globalThis as unknown as WorkerScope;
  const running = new Map<number, AbortController>();
  const unheard = new Map<number, () => void>();
  let events = 0;

  function emit(id: number, event: unknown, transfer: Transferable[]) {
    const heard = Promise.withResolvers<void>();
    const number = events++;
    unheard.set(number, heard.resolve);
    scope.postMessage({ kind: "event", id, number, event }, transfer);
    return heard.promise;
  }

  async function serve(
    { id, method, params }: Extract<Request, { kind: "call" }>,
  ): Promise<void> {
    const abort = new AbortController();
    running.set(id, abort);
    const handed: Transferable[] = [];
    try {
      if (!Object.hasOwn(handlers, method)) {
        throw new EnvironmentError(
          "isolate-failed",
          `The isolate has no method "${method}"`,
        );
      }
      const handler = handlers[method as keyof Api] as AnyHandler;
      const result = await handler(params, {
        signal: abort.signal,
        emit: (event, transfer = []) => emit(id, event, transfer),
        transfer: (...objects) => void handed.push(...objects),
      });
      scope.postMessage({ kind: "result", id, result }, handed);
    } catch (error) {
      scope.postMessage({ kind: "error", id, error: toWireError(error) }, []);
    } finally {
      running.delete(id);
    }
  }

  // Left alone, the runtime would print the error's text to the terminal.
  function crash(event: Event, error: unknown): void {
    event.preventDefault();
    scope.postMessage({ kind: "crash", error: toWireError(error) }, []);
  }

  scope.onmessage = ({ data }) => {
    switch (data.kind) {
      case "call":
        return void serve(data);
      case "cancel":
        return running.get(data.id)?.abort(fromWireError(data.reason));
      case "heard":
        unheard.get(data.event)?.();
        unheard.delete(data.event);
    }
  };
  scope.addEventListener("error", (event) => crash(event, event.error));
  scope.addEventListener(
    "unhandledrejection",
    (event) => crash(event, event.reason),
  );
  scope.postMessage({ kind: "ready" }, []);
}
