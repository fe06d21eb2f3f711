/**
 * What the main thread and an isolate post to each other, and the types of
 * what an isolate can do.
 *
 * @module
 */

import type { WireError } from "./wire_error.ts";

/** One thing that an isolate can be asked to do. */
export interface IsolateMethod {
  params: unknown;
  result: unknown;
  /** What it tells while it is at it. */
  event?: unknown;
}

/** Constrains an isolate's methods; works for interfaces too. */
export type IsolateMethods<Api> = { [M in keyof Api]: IsolateMethod };

export type EventOf<Method> = Method extends { event: infer E } ? E : never;

/** From the main thread to the isolate. */
export type Request =
  | { kind: "call"; id: number; method: string; params: unknown }
  | { kind: "cancel"; id: number; reason: WireError }
  /** An event was dealt with. */
  | { kind: "heard"; event: number };

/** From the isolate to the main thread. */
export type Response =
  | { kind: "ready" }
  /** Something went wrong outside of any call; nothing can be relied on. */
  | { kind: "crash"; error: WireError }
  | { kind: "event"; id: number; number: number; event: unknown }
  | { kind: "result"; id: number; result: unknown }
  | { kind: "error"; id: number; error: WireError };
