/**
 * What the commands on virtual machines do, loaded only when one of them runs:
 * commands on a spec alone start faster without it.
 *
 * @module
 */

import type { BuildOptions } from "../pipeline/build.ts";
import type { ProxySettings } from "../egress/proxy_settings.ts";
import type {
  ManagerLogs,
  ManagerStatus,
  OverallStatus,
  StartOptions,
} from "../manage/commands.ts";
import type { ConnectedManager } from "../manage/connect.ts";

export type {
  BuildOptions,
  ManagerLogs,
  ManagerStatus,
  OverallStatus,
  StartOptions,
};

/** What came of starting the manager. */
export type StartResult = ConnectedManager;

/** Runs a build; returns its exit code. */
export async function runBuild(options: BuildOptions): Promise<number> {
  const { runBuild } = await import("../pipeline/build.ts");
  return await runBuild(options);
}

/**
 * The proxy of the user who runs this command.
 *
 * @throws {UsageError} `bad-proxy`
 */
export async function readOwnProxy(): Promise<ProxySettings> {
  const { readProxySettings } = await import("../egress/proxy_settings.ts");
  return readProxySettings((name) => Deno.env.get(name));
}

/** Starts the manager and waits until it answers. */
export async function startManager(
  options: StartOptions,
): Promise<StartResult> {
  return (await manage()).startManager(options);
}

/** Stops the manager; resolves to false if it was not running. */
export async function stopManager(
  options: { force: boolean },
): Promise<boolean> {
  return (await manage()).stopManager(options);
}

/** Asks the manager how it is. */
export async function managerStatus(): Promise<ManagerStatus> {
  return (await manage()).managerStatus();
}

/** The last lines of the manager's journal, safe to print. */
export async function managerLogs(
  options: { lines: number },
): Promise<ManagerLogs> {
  return (await manage()).managerLogs(options);
}

/** Gathers what `contractor status` tells. */
export async function overallStatus(): Promise<OverallStatus> {
  return (await manage()).overallStatus();
}

function manage() {
  return import("../manage/commands.ts");
}
