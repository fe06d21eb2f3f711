/**
 * Looks after the manager VM while something waits for it: whoever talks to its
 * agent alone cannot tell one that ended, or that QEMU has paused, from a slow
 * one.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { EnvironmentError } from "../shared/errors.ts";
import type { VmmApi } from "../host/vmm.ts";
import type { Isolate } from "../isolate/isolate.ts";

/** Asking takes some milliseconds. */
const POLL_MS = 2_000;

/** A supervision under way. */
export interface Supervision {
  /** Aborts when the manager is gone, with an error that says why. */
  readonly signal: AbortSignal;
  /** Looks a last time, and ends the supervision. */
  stop(): Promise<void>;
}

/** Looks after a manager that runs until this is stopped. */
export function superviseManager(
  vmm: Pick<Isolate<VmmApi>, "call">,
  pollMs = POLL_MS,
): Supervision {
  const failed = new AbortController();
  const stopping = new AbortController();
  const poll = async () => {
    while (!failed.signal.aborted) {
      const isLast = stopping.signal.aborted;
      const failure = await checkManager(vmm);
      if (failure !== undefined) failed.abort(failure);
      if (isLast) return;
      await pause(pollMs, undefined, { signal: stopping.signal })
        .catch(() => {});
    }
  };
  const polled = poll();
  return {
    signal: failed.signal,
    async stop() {
      stopping.abort();
      await polled;
    },
  };
}

async function checkManager(
  vmm: Pick<Isolate<VmmApi>, "call">,
): Promise<EnvironmentError | undefined> {
  try {
    switch (await vmm.call("checkManager", {})) {
      case "running":
        return undefined;
      case "gone":
        return new EnvironmentError("manager-gone", "The manager VM ended");
      case "disk-full":
        return new EnvironmentError(
          "state-directory-full",
          "The manager VM was ended: no space is left for its disks",
          {
            hint:
              "Free some space, or set XDG_STATE_HOME to a larger disk, then try again",
          },
        );
    }
  } catch {
    // Whoever else talks to QEMU tells what is wrong with it.
    return undefined;
  }
}
