import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "./ports.ts";

/** This machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  pause: (ms, signal) => pause(ms, undefined, { signal }).catch(() => {}),
  timeout: (ms) => AbortSignal.timeout(ms),
};
