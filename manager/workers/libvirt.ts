/**
 * Runs workers' virtual machines through libvirt.
 *
 * @module
 */

import { z } from "zod";
import { CommandError, runCommand } from "../system/commands.ts";
import { askVirsh, virsh } from "./virsh.ts";

/** Prefix of the names of all workers' domains. */
export const DOMAIN_PREFIX = "contractor-";

/** Memory that is in a file already is no part of a saved state. */
const ignoreShared = qmp("migrate-set-capabilities", {
  capabilities: [{ capability: "x-ignore-shared", state: true }],
});

/** How long the state of a worker without its memory may take to be saved. */
const SAVE_TIMEOUT_MS = 60_000;

const migrationSchema = z.looseObject({
  return: z.looseObject({ status: z.string().optional() }),
});

/** Composes a command of QEMU's machine protocol (QEMU's `qapi/`). */
function qmp(execute: string, options: Record<string, unknown>): string {
  return JSON.stringify({ execute, arguments: options });
}

/** Where libvirt tells its domains' processes. */
const PID_FILES = "/run/libvirt/qemu";

/** What a domain has used, measured outside of it. */
export interface DomainUsage {
  cpuSeconds: number;
  peakMemoryBytes: number;
}

/** Starts a transient domain. */
export async function createDomain(xmlFile: string): Promise<void> {
  await virsh("create", xmlFile);
}

/**
 * Starts a transient domain that rests, from what {@linkcode saveDomain} wrote.
 * It has its memory in a file already. A domain that cannot be restored ends.
 */
export async function restoreDomain(
  name: string,
  xmlFile: string,
  stateFile: string,
): Promise<void> {
  await virsh("create", "--paused", xmlFile);
  await virsh("qemu-monitor-command", name, ignoreShared);
  // It is where it was: to announce its address would look like an attempt.
  await virsh(
    "qemu-monitor-command",
    name,
    qmp("migrate-set-parameters", { "announce-rounds": 0 }),
  );
  await virsh(
    "qemu-monitor-command",
    name,
    qmp("migrate-incoming", { uri: `file:${stateFile}` }),
  );
}

/**
 * Writes the state of a domain that runs, all but its memory, which is in a
 * file of its own. The domain stops, and is to be destroyed.
 *
 * @throws {Error} with what QEMU says of it
 */
export async function saveDomain(
  name: string,
  stateFile: string,
): Promise<void> {
  await askVirsh("qemu-monitor-command", name, ignoreShared);
  await askVirsh(
    "qemu-monitor-command",
    name,
    qmp("migrate", { uri: `file:${stateFile}` }),
  );
  const deadline = performance.now() + SAVE_TIMEOUT_MS;
  for (;;) {
    const answer = await askVirsh(
      "qemu-monitor-command",
      name,
      qmp("query-migrate", {}),
    );
    const status = migrationStatus(answer);
    if (status === "completed") return;
    if (status === "failed" || performance.now() > deadline) {
      throw new Error(`Cannot save a worker's state: ${answer}`);
    }
  }
}

/** What QEMU answers to `query-migrate`; undefined while it says nothing. */
export function migrationStatus(answer: string): string | undefined {
  const { return: told } = migrationSchema.parse(JSON.parse(answer));
  return told.status;
}

/** Ends a domain at once; one that is gone already is fine. */
export async function destroyDomain(name: string): Promise<void> {
  try {
    await virsh("destroy", name);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Plugs a device into a domain that runs, or rests. */
export async function attachDevice(
  name: string,
  xmlFile: string,
): Promise<void> {
  await virsh("attach-device", name, xmlFile);
}

/** Has a domain that runs rest. */
export async function suspendDomain(name: string): Promise<void> {
  await virsh("suspend", name);
}

/** Lets a domain that rests run. */
export async function resumeDomain(name: string): Promise<void> {
  await virsh("resume", name);
}

/** Names of the workers' domains that run. */
export async function listDomains(): Promise<string[]> {
  const output = await askVirsh("list", "--all", "--name");
  return output.split("\n").map((line) => line.trim())
    .filter((name) => name.startsWith(DOMAIN_PREFIX));
}

/** Whether libvirt knows the domain, and waits a while for it to go. */
export async function waitUntilGone(
  name: string,
  timeoutSeconds: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  while ((await listDomains()).includes(name)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return true;
}

function isGone(error: unknown): boolean {
  return error instanceof CommandError &&
    /failed to get domain|domain is not running|Domain not found/i.test(
      error.stderr,
    );
}

/**
 * Finds the control group of a domain's machine; undefined where libvirt made
 * none.
 */
export async function findControlGroup(
  name: string,
): Promise<string | undefined> {
  try {
    const pid = (await Deno.readTextFile(`${PID_FILES}/${name}.pid`)).trim();
    if (!/^[0-9]{1,10}$/.test(pid)) return undefined;
    return controlGroupOf(await cat(`/proc/${pid}/cgroup`));
  } catch (error) {
    const isGone = error instanceof CommandError ||
      error instanceof Deno.errors.NotFound;
    if (isGone) return undefined;
    throw error;
  }
}

/** The machine's part of a process's control group, below the mount point. */
export function controlGroupOf(procCgroup: string): string | undefined {
  const path = /^0::(\/.*)$/m.exec(procCgroup)?.[1];
  const machine = path?.match(/^(.*\/machine-qemu[^/]*\.scope)(\/|$)/)?.[1];
  return machine === undefined ? undefined : `/sys/fs/cgroup${machine}`;
}

/**
 * Stops all processes of a domain's machine, sooner than libvirt could end it.
 *
 * @returns whether it worked; the machine may be gone
 */
export async function freezeControlGroup(path: string): Promise<boolean> {
  return await tryControl(["freeze", scopeOf(path)]);
}

/** Kills all processes of a machine; frozen ones hear of nothing else. */
export async function killControlGroup(path: string): Promise<void> {
  await tryControl(["kill", "--signal=KILL", scopeOf(path)]);
}

async function tryControl(args: readonly string[]): Promise<boolean> {
  try {
    await runCommand("systemctl", args);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Name of the systemd unit that a machine's control group belongs to. */
export function scopeOf(controlGroup: string): string {
  return controlGroup.slice(controlGroup.lastIndexOf("/") + 1);
}

/** CPU time of a domain's machine: one program started, for who asks often. */
export async function measureCpuSeconds(controlGroup: string): Promise<number> {
  return numberAfter(await cat(`${controlGroup}/cpu.stat`), "usage_usec ") /
    1e6;
}

/** Measures a domain by its control group, else by libvirt's statistics. */
export async function measureDomain(
  name: string,
  controlGroup: string | undefined,
): Promise<DomainUsage> {
  if (controlGroup !== undefined) {
    try {
      const [cpu, memory] = await Promise.all([
        cat(`${controlGroup}/cpu.stat`),
        cat(`${controlGroup}/memory.peak`),
      ]);
      return {
        cpuSeconds: numberAfter(cpu, "usage_usec ") / 1e6,
        peakMemoryBytes: numberAfter(memory, ""),
      };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  return parseDomainStats(
    await askVirsh("domstats", "--cpu-total", "--balloon", name),
  );
}

/** Parses the statistics that `virsh domstats` prints. */
export function parseDomainStats(output: string): DomainUsage {
  return {
    cpuSeconds: numberAfter(output, "cpu.time=") / 1e9,
    peakMemoryBytes: numberAfter(output, "balloon.rss=") * 1024,
  };
}

function numberAfter(text: string, key: string): number {
  for (const line of text.split("\n")) {
    const entry = line.trim();
    if (entry.startsWith(key) && /^[0-9]+$/.test(entry.slice(key.length))) {
      return Number(entry.slice(key.length));
    }
  }
  return 0;
}

/** `/proc` and `/sys` are closed to a scoped Deno. */
function cat(path: string): Promise<string> {
  return runCommand("cat", [path]);
}
