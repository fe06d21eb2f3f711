/**
 * Isolates: Deno Workers with a subset of the permissions, called by typed
 * methods. "Worker" elsewhere means the inner VM.
 *
 * @module
 */

export type { EventOf, IsolateMethod, IsolateMethods } from "./messages.ts";
export {
  type IsolateContext,
  type IsolateHandlers,
  serveIsolate,
} from "./serve_isolate.ts";
export {
  type Isolate,
  type IsolateCallOptions,
  type IsolateOptions,
  type IsolateThread,
  spawnIsolate,
} from "./spawn_isolate.ts";
