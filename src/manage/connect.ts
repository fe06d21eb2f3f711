import { EnvironmentError } from "../shared/errors.ts";
import type { GuestApi } from "../guest/guest.ts";
import type { Accelerator, VmmApi } from "../host/vmm.ts";
import { sanitizeText } from "../guest/terminal_text.ts";
import type { Isolate } from "../isolate/isolate.ts";
import { type MethodResult, PROTOCOL_VERSION } from "../shared/rpc/protocol.ts";
import { superviseManager } from "./supervise.ts";

/** How long a manager that has just started may take until its agent answers. */
const BOOT_TIMEOUT_MS = 300_000;

/** How much of the console's end is shown with an error. */
const CONSOLE_CHARACTERS = 2000;

/** The threads that deal with the manager. */
export interface ManagerIsolates {
  vmm: Isolate<VmmApi>;
  guest: Isolate<GuestApi>;
  /** Socket of the RPC port that this command holds. */
  rpcSocket: string;
}

/** A connected manager. */
export interface ConnectedManager {
  version: string;
  accelerator: Accelerator;
  /** False if it was running before. */
  started: boolean;
}

/**
 * Makes sure that the manager runs and that its agent is the one that belongs
 * to this contractor; connects to it. A manager of another version is replaced
 * if it has nothing to do.
 *
 * @throws {EnvironmentError} `manager-outdated` if it is busy
 */
export async function connectManager(
  isolates: ManagerIsolates,
  signal: AbortSignal,
): Promise<ConnectedManager> {
  const { vmm, guest } = isolates;
  for (let replaced = false;; replaced = true) {
    const manager = await vmm.call("ensureManager", {}, { signal });
    await vmm.call("detachStaleDisks", {}, { signal });
    const hello = await waitForAgent(isolates, signal);
    // The version is a digest that stands for the protocol, too.
    if (hello.version === manager.imageVersion) {
      return {
        version: hello.version,
        accelerator: manager.accelerator,
        started: manager.started || replaced,
      };
    }
    await guest.call("disconnect", {});
    if (hello.builds > 0 || replaced) {
      throw new EnvironmentError(
        "manager-outdated",
        `The running manager has version ${hello.version}, this contractor needs ${manager.imageVersion}`,
        { hint: outdatedHint(hello.builds) },
      );
    }
    await vmm.call("stopManager", { force: false }, { signal });
  }
}

/**
 * Fails unless the agent that answered speaks our protocol.
 *
 * @throws {EnvironmentError} `manager-protocol`
 */
export function requireProtocol(
  { protocol }: MethodResult<"manager.hello">,
): void {
  if (protocol === PROTOCOL_VERSION) return;
  throw new EnvironmentError(
    "manager-protocol",
    `The running manager is of another contractor: it speaks protocol ${protocol}, not ${PROTOCOL_VERSION}`,
    { hint: "Stop it with `contractor manager stop`, then try again" },
  );
}

/** Waits until the agent answers, or it is clear that it never will. */
async function waitForAgent(
  { vmm, guest, rpcSocket }: ManagerIsolates,
  signal: AbortSignal,
): Promise<MethodResult<"manager.hello">> {
  const supervision = superviseManager(vmm);
  try {
    return await guest.call("connect", {
      socket: rpcSocket,
      timeoutMs: BOOT_TIMEOUT_MS,
    }, { signal: AbortSignal.any([signal, supervision.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    // It may know better why nothing answers.
    await supervision.stop();
    throw await bootError(vmm, supervision.signal.reason ?? error);
  } finally {
    await supervision.stop();
  }
}

/** The error with the end of the manager's console. */
async function bootError(
  vmm: ManagerIsolates["vmm"],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof EnvironmentError)) return error;
  const bytes = await vmm.call("readConsole", {}).catch(() => undefined);
  const text = sanitizeText(new TextDecoder().decode(bytes), Infinity).trim();
  const { code, message, hint } = error;
  return new EnvironmentError(
    code === "manager-gone" ? "manager-start-failed" : code,
    code === "manager-gone" ? "The manager VM ended while it booted" : message,
    {
      cause: error,
      ...(hint !== undefined && { hint }),
      ...(text !== "" && { detail: text.slice(-CONSOLE_CHARACTERS) }),
    },
  );
}

function outdatedHint(builds: number): string {
  return builds > 0
    ? `It runs ${
      builds === 1 ? "a build" : `${builds} builds`
    } of another contractor: wait, or run \`contractor manager stop --force\``
    : "Try again; if it stays so, build the manager image anew";
}
