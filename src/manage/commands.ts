/**
 * The commands about the manager VM itself.
 *
 * @module
 */

import { EnvironmentError } from "../shared/errors.ts";
import { sanitizeText } from "../guest/terminal_text.ts";
import { managerSettings } from "../host/manager_vm/manager_settings.ts";
import type { Accelerator, AcceleratorChoice } from "../host/vmm.ts";
import type { MethodResult } from "../shared/rpc/protocol.ts";
import { CONTRACTOR_VERSION } from "../shared/version.ts";
import {
  type ConnectedManager,
  connectManager,
  requireProtocol,
} from "./connect.ts";
import { type DataDisk, inspectDataDisk } from "./data_disk.ts";
import { type ManagerSession, withManagerSession } from "./session.ts";

/** How long a running agent may take to answer a question about itself. */
const ANSWER_MS = 20_000;

/** How much of a console is shown. */
const CONSOLE_CHARACTERS = 256 * 1024;

/** The manager VM, as it is now; sizes are in bytes. */
export type ManagerStatus =
  | { running: false }
  | { running: true; accelerator: Accelerator }
    & MethodResult<"manager.status">;

/** Everything that `contractor status` tells. */
export interface OverallStatus {
  /** Version of this command. */
  version: string;
  /** Where the files of the manager and of builds are. */
  stateDirectory: string;
  /** Where the caches are, also while the manager does not run. */
  dataDisk: DataDisk;
  manager: ManagerStatus;
}

/** The end of the manager's journal, or of its console; safe to print. */
export interface ManagerLogs {
  /** Only a manager that answers tells its journal. */
  manager: "answering" | "silent" | "stopped";
  text: string;
}

/** How to start the manager. */
export interface StartOptions {
  accelerator: AcceleratorChoice | undefined;
  signal: AbortSignal;
}

/** Starts the manager, unless it runs, and waits until its agent answers. */
export function startManager(
  options: StartOptions,
): Promise<ConnectedManager> {
  return withManagerSession(
    { purpose: "starting the manager", accelerator: options.accelerator },
    (session) => connectManager(session, options.signal),
  );
}

/**
 * Stops the manager; with `force` whatever it is doing.
 *
 * @returns false if it was not running
 * @throws {EnvironmentError} `manager-busy` if builds run
 */
export function stopManager({ force }: { force: boolean }): Promise<boolean> {
  return withManagerSession(
    { purpose: "stopping the manager" },
    async (session) => {
      const { vmm } = session;
      if (await vmm.call("queryManager", {}) === undefined) return false;
      if (!force) {
        const { builds } = await greetShortly(session);
        if (builds > 0) {
          throw new EnvironmentError(
            "manager-busy",
            `Cannot stop the manager: ${
              builds === 1 ? "1 build is" : `${builds} builds are`
            } running`,
            { hint: "Wait, or let the builds fail by --force" },
          );
        }
      }
      return await vmm.call("stopManager", { force });
    },
  );
}

/** Tells how the manager is, without starting it. */
export async function managerStatus(): Promise<ManagerStatus> {
  return (await overallStatus()).manager;
}

/** Gathers what `contractor status` tells. */
export async function overallStatus(): Promise<OverallStatus> {
  // Now: a session gives up the permission to look.
  const { paths } = managerSettings();
  const dataDisk = await inspectDataDisk(paths.manager.dataDisk);
  return await withManagerSession(
    { purpose: "asking for the manager's status" },
    async (session) => ({
      version: CONTRACTOR_VERSION,
      stateDirectory: paths.root,
      dataDisk,
      manager: await askStatus(session),
    }),
  );
}

async function askStatus(session: ManagerSession): Promise<ManagerStatus> {
  const manager = await session.vmm.call("queryManager", {});
  if (manager === undefined) return { running: false };
  await connectShortly(session);
  const status = await session.request("manager.status", {});
  return { running: true, accelerator: manager.accelerator, ...status };
}

/**
 * The last lines of the manager's journal, or of its console if its agent does
 * not answer.
 */
export function managerLogs(
  { lines }: { lines: number },
): Promise<ManagerLogs> {
  return withManagerSession(
    { purpose: "reading the manager's logs" },
    async (session) => {
      const running = await session.vmm.call("queryManager", {});
      if (running !== undefined && await answers(session)) {
        const { text } = await session.request("manager.logs", { lines });
        return {
          manager: "answering",
          text: sanitizeText(text, text.length * 2),
        };
      }
      const console = await session.vmm.call("readConsole", {});
      const text = sanitizeText(
        new TextDecoder().decode(console),
        CONSOLE_CHARACTERS,
      );
      return {
        manager: running === undefined ? "stopped" : "silent",
        text: text.replace(/\n$/, "").split("\n").slice(-lines).join("\n"),
      };
    },
  );
}

async function answers(session: ManagerSession): Promise<boolean> {
  try {
    await connectShortly(session);
    return true;
  } catch (error) {
    // Silent, of another protocol or broken: then the console is what is left.
    if (error instanceof EnvironmentError) return false;
    throw error;
  }
}

/** Connects to an agent that may be of another contractor. */
function greetShortly({ guest, rpcSocket }: ManagerSession) {
  return guest.call("connect", { socket: rpcSocket, timeoutMs: ANSWER_MS });
}

async function connectShortly(session: ManagerSession): Promise<void> {
  requireProtocol(await greetShortly(session));
}
