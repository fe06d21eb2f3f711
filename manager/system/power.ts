/**
 * When the manager powers itself off.
 *
 * @module
 */

import { runCommand } from "./commands.ts";

/** Idle time after which the manager powers off, unless told otherwise. */
export const DEFAULT_IDLE_SECONDS = 15 * 60;

/** Reads `contractor.idle=SECONDS` from the kernel's command line. */
export function parseIdleSeconds(kernelCommandLine: string): number {
  const match = /(?:^|\s)contractor\.idle=([0-9]{1,9})(?:\s|$)/
    .exec(kernelCommandLine);
  return match === null ? DEFAULT_IDLE_SECONDS : Number(match[1]);
}

/** Powers the manager off; its services end first. */
export async function powerOff(): Promise<void> {
  await runCommand("systemctl", ["--no-block", "poweroff"]);
}

/** Calls back once nothing has happened for a while. */
export class IdleTimer {
  readonly #milliseconds: number;
  readonly #onIdle: () => void;
  #busy = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number, onIdle: () => void) {
    this.#milliseconds = seconds * 1000;
    this.#onIdle = onIdle;
    this.#arm();
  }

  /** Something is under way until the function returned is called. */
  hold(): () => void {
    this.#busy += 1;
    clearTimeout(this.#timer);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#busy -= 1;
      if (this.#busy === 0) this.#arm();
    };
  }

  /** Never calls back any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#busy = Infinity;
  }

  #arm(): void {
    this.#timer = setTimeout(this.#onIdle, this.#milliseconds);
  }
}
