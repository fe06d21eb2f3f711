/**
 * The state of the manager and its builds, for people.
 *
 * @module
 */

import { formatDuration, formatSize } from "../spec/units.ts";
import { escapeLine } from "./rows.ts";
import type { ManagerLogs, ManagerStatus, OverallStatus } from "./actions.ts";

/** What `contractor manager status` shows. */
export function managerStatusText(status: ManagerStatus): string {
  if (!status.running) return row("manager", "not running");
  const memory = status.memoryTotalBytes - status.memoryAvailableBytes;
  return row("manager", `running for ${formatDuration(status.uptimeSeconds)}`) +
    row("version", escapeLine(status.version)) +
    row("accelerator", status.accelerator) +
    row("memory", usage(memory, status.memoryTotalBytes)) +
    row("agent", formatSize(status.agentMemoryBytes)) +
    row("disk", usage(status.diskUsedBytes, status.diskTotalBytes));
}

/** What `contractor status` shows. */
export function overallStatusText(status: OverallStatus): string {
  return row("contractor", status.version) +
    row("state", escapeLine(status.stateDirectory)) +
    row("data disk", dataDisk(status.dataDisk)) +
    managerStatusText(status.manager) +
    (status.manager.running ? buildsText(status.manager) : "");
}

/** Why the manager's log is not its journal, or why there is none. */
export function logsNote({ manager, text }: ManagerLogs): string {
  const isStopped = manager === "stopped";
  return text === ""
    ? `There is no log: ${
      isStopped ? "no manager has run" : "the manager does not answer"
    }`
    : `The manager does not ${
      isStopped ? "run" : "answer"
    }: this is the end of its console`;
}

function buildsText(
  { builds, caches, resting }: Extract<ManagerStatus, { running: true }>,
): string {
  const cache = ({ count, bytes }: { count: number; bytes: number }) =>
    `${count}, ${formatSize(bytes)}`;
  return row("images", cache(caches.images)) +
    row("prepared", cache(caches.prepared)) +
    row("booted", cache(caches.saved)) +
    row("ready", String(resting)) +
    row("builds", builds.length === 0 ? "none" : String(builds.length)) +
    builds.map(({ id, name, phase, elapsedSeconds }) =>
      `  ${id}  ${escapeLine(name)}  ${escapeLine(phase)}  ` +
      `${formatDuration(elapsedSeconds)}\n`
    ).join("");
}

function dataDisk(
  { path, allocatedBytes }: OverallStatus["dataDisk"],
): string {
  return `${formatSize(allocatedBytes)} in ${escapeLine(path)}`;
}

function usage(used: number, total: number): string {
  return `${formatSize(used)} of ${formatSize(total)}`;
}

function row(name: string, value: string): string {
  return `${name.padEnd(12)} ${value}\n`;
}
